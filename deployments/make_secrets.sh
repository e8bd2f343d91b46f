#!/bin/sh
# Make the secrets that docker-compose.yml names, once: those that are there stay. The folder is private; the files are
# readable, because containers read them as a user that is not this machine's.
set -eu
cd "$(dirname "$0")/.."
mkdir -p .secrets
chmod 700 .secrets
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
make() {
    [ -e ".secrets/$1" ] || printf '%s' "$2" >".secrets/$1"
    chmod 644 ".secrets/$1"
}
make loans_db_password "$(random)"
make prefect_db_password "$(random)"
make prefect_auth "loanwatch:$(random)"
make slack_webhook ""
echo "Secrets are in .secrets/. The Prefect UI asks for .secrets/prefect_auth. Put the Slack webhook's address into"
echo ".secrets/slack_webhook, and run: docker compose run --rm setup"
