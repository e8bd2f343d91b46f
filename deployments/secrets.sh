#!/bin/sh
# The stack's secrets: each lies in a volume that only the services of one purpose mount (/secrets/PURPOSE in here).
#
#   docker compose run --rm secrets                         make those that are missing, which `up` does by itself
#   docker compose run --rm secrets show NAME               show one
#   docker compose run --rm -T secrets set NAME <FILE       put one's own in its place; then restart who reads it
set -eu
root=${SECRETS:-/secrets}
names="loans_admin_password lender_password lender_url loans_db_password prefect_db_password prefect_auth slack_webhook \
api_key reports_password"

list_homes() { # NAME: the purposes that read it, of those that are mounted here
    case $1 in
        loans_admin_password | lender_password) homes=loans-db ;;
        lender_url) homes=lender ;;
        loans_db_password) homes="setup loans-db" ;;
        prefect_db_password) homes=prefect-db ;;
        prefect_auth) homes=prefect ;;
        slack_webhook) homes=setup ;;
        api_key) homes=api ;;
        reports_password) homes=reports ;;
    esac
    for home in $homes; do [ ! -d "$root/$home" ] || echo "$home"; done
}

require_name() { # NAME: exit unless there is such a secret, and its volume is mounted here
    case " $names " in
        *" $1 "*) [ -z "$(list_homes "$1")" ] || return 0; echo "The secret $1 belongs to another set of services." >&2 ;;
        *) echo "No secret is named '$1'. There are: $names" >&2 ;;
    esac
    exit 2
}

find_file() { # NAME: the file that holds it, if any
    for home in $(list_homes "$1"); do
        if [ -e "$root/$home/$1" ]; then echo "$root/$home/$1"; return; fi
    done
}

# Whoever mounts the volume may read it: PostgreSQL runs as a user of its own.
put() { # NAME, the secret on the standard input
    value=$(cat)
    for home in $(list_homes "$1"); do
        printf %s "$value" >"$root/$home/.new"
        chmod 444 "$root/$home/.new"
        mv "$root/$home/.new" "$root/$home/$1"
    done
}

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

invent() { # NAME
    case $1 in
        prefect_auth) printf 'loanwatch:%s' "$(random)" ;;
        slack_webhook) ;;
        lender_url) printf 'postgresql://lender:%s@loans-db:5432/loans' "$(cat "$root/loans-db/lender_password")" ;;
        *) random ;;
    esac
}

make() {
    made=
    for name in $names; do
        [ -n "$(list_homes "$name")" ] || continue
        file=$(find_file "$name")
        if [ -n "$file" ]; then put "$name" <"$file"; else invent "$name" | put "$name"; made="$made $name"; fi
    done
    # What makes the roles of a new loans-db stands beside their passwords.
    if [ -d "$root/loans-db" ]; then cp "$(dirname "$0")/loans_db.sql" "$root/loans-db/roles.sql"; fi
    echo "secrets:${made:- all there}"
}

case ${1:-make} in
    make) make ;;
    show) require_name "${2:-}"; file=$(find_file "$2"); if [ -n "$file" ]; then cat "$file"; echo; fi ;;
    set) require_name "${2:-}"; put "$2"; echo "set $2; now restart what reads it: docker compose restart" ;;
    *) echo "usage: secrets [make | show NAME | set NAME <FILE]. There are: $names" >&2; exit 2 ;;
esac
