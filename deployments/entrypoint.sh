#!/bin/sh
# Prefect reads its secrets from variables or its profile only: where VARIABLE_FILE names a file, its content becomes
# VARIABLE. The password of Prefect's API goes into the profile, too, for commands of `docker compose exec`, which do not
# come through here.
set -eu
for name in PREFECT_API_AUTH_STRING PREFECT_SERVER_API_AUTH_STRING PREFECT_SERVER_DATABASE_PASSWORD LOANWATCH_DATABASE_URL; do
    eval "file=\${${name}_FILE:-}"
    if [ -n "$file" ]; then
        value=$(cat "$file")
        export "$name=$value"
    fi
done
if [ -n "${PREFECT_API_AUTH_STRING:-}" ] && [ -n "${PREFECT_PROFILES_PATH:-}" ]; then
    quoted=$(printf %s "$PREFECT_API_AUTH_STRING" | sed 's/[\\"]/\\&/g')
    umask 077
    printf 'active = "container"\n[profiles.container]\nPREFECT_API_AUTH_STRING = "%s"\n' "$quoted" >"$PREFECT_PROFILES_PATH"
    umask 022
fi
exec "$@"
