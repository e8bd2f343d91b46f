"""Register the blocks: the lender's PostgreSQL and the way to Slack, on the Prefect server that PREFECT_API_URL names.

    python -m blocks.register                                # from LOANWATCH_… variables
    python -m blocks.register --creds creds.json             # from the previous system's file
    python -m blocks.register --host db --database loans --user loanwatch --sslmode require

Passwords, tokens and webhooks are no options, which every user of the machine could read: they come from a variable, or
from the file that the same variable with _FILE at its end names. May be repeated. Nothing is saved that does not work.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

from cyclopts import App

from blocks.environment import name_variable, read_environment
from blocks.errors import LoanwatchError, UsageError
from blocks.postgres.connect import BLOCK
from blocks.postgres.save_block import DatabaseSettings, read_creds, read_url, save_database_block, try_connection
from blocks.prefect_server import require_server
from blocks.secrets import SecretError, read_secret
from blocks.slack import BLOCK as SLACK_BLOCK
from blocks.slack_block import check_webhook, save_bot_block, save_webhook_block

SslMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]
WEBHOOK, TOKEN = name_variable("slack_webhook"), name_variable("slack_token")

app = App(name="blocks.register", help="Register the database and Slack blocks that loanwatch uses.")


class NothingToRegisterError(UsageError):
    """Neither a database nor Slack was named."""


@app.default
def command(  # noqa: PLR0913 - the options of a command line
    *,
    creds: Path | None = None,
    host: str | None = None,
    port: int | None = None,
    database: str | None = None,
    user: str | None = None,
    sslmode: SslMode | None = None,
    root_certificate: Path | None = None,
    slack_channel: str | None = None,
    name: str = BLOCK,
    slack_name: str = SLACK_BLOCK,
) -> int:
    """Register the database block and, where a webhook or token is given, the Slack block.

    The password: LOANWATCH_DATABASE_PASSWORD. The webhook: LOANWATCH_SLACK_WEBHOOK. A bot's token, in place of a
    webhook: LOANWATCH_SLACK_TOKEN. Or the file that the variable with _FILE at its end names.

    Parameters
    ----------
    creds
        The previous system's creds.json, with user, password, host, port and database.
    host
        The database server. Without --creds and --host: LOANWATCH_DATABASE_URL.
    port
        Its port.
    database
        The database on it.
    user
        The role that logs in.
    sslmode
        How the connection is secured; `verify-full` for Amazon RDS and Aurora.
    root_certificate
        The file with the certificates that are trusted. It must be at the same path wherever runs are started.
    slack_channel
        The channel of a bot's messages, such as #loan-alerts.
    name
        The name of the database block.
    slack_name
        The name of the Slack block.
    """
    try:
        given = read_environment()
        options = (
            host or given.database_host,
            port or given.database_port,
            database or given.database_name,
            user or given.database_user,
        )
        tls = (sslmode or given.database_sslmode, root_certificate or given.database_root_certificate)
        found = find_settings(creds, DatabaseSettings(*options, None, *tls))
        if found is None and not (read_secret("slack_webhook") or read_secret("slack_token")):
            raise NothingToRegisterError(
                "Nothing to register. Name a database (--creds, --host or LOANWATCH_DATABASE_URL) or Slack "
                f"({WEBHOOK} or {TOKEN})."
            )
        if missing := require_server():
            return missing
        done = [register_database(found, name)] if found else []
        done += register_slack(slack_name, slack_channel or given.slack_channel)
    except LoanwatchError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print("\n".join(done))
    return 0


def has_settings() -> bool:
    """Whether the environment names a database or Slack."""
    secrets = ("database_password", "slack_webhook", "slack_token")
    named = ("database_url", "database_host", *secrets, *(f"{name}_file" for name in secrets))
    return bool(set(named) & read_environment().model_fields_set)


def find_settings(creds: Path | None, options: DatabaseSettings) -> DatabaseSettings | None:
    """The database that was named: by options, in creds.json, or by LOANWATCH_DATABASE_URL; None where by none."""
    if creds is not None:
        found = read_creds(creds)
    elif options.host is not None:
        found = options.with_password(read_secret("database_password"))
    elif (url := read_environment().database_url) is not None:
        found = read_url(url.get_secret_value())
    else:
        return None
    return found.with_tls(options.sslmode, options.root_certificate)


def register_database(settings: DatabaseSettings, name: str) -> str:
    """Connect, then save the block; says what was saved."""
    version = try_connection(settings)
    save_database_block(settings, name)
    return f"database block {name}: {settings.describe()}, PostgreSQL {version}"


def register_slack(name: str, channel: str | None) -> list[str]:
    """Save the webhook, else the bot's token with its channel; says what was saved."""
    webhook, token = read_secret("slack_webhook"), read_secret("slack_token")
    if webhook and token:
        raise SecretError(f"Both {WEBHOOK} and {TOKEN} are set. Unset the one that is not to be used.")
    if webhook:
        check_webhook(webhook, WEBHOOK)
        save_webhook_block(name, webhook)
        return [f"Slack block {name}: an incoming webhook. Try it: python -m flows.slack_test"]
    if token:
        if not channel:
            raise SecretError("A bot's token needs a channel: name one with --slack-channel.")
        save_bot_block(name, token, channel)
        return [f"Slack block {name}: a bot that writes to {channel}. Try it: python -m flows.slack_test"]
    return []


if __name__ == "__main__":
    sys.exit(app())
