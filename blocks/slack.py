"""Finding the way to Slack: the block `loan-alerts`, an incoming webhook or a bot's token with a channel."""

from __future__ import annotations

import logging
from typing import Any

from blocks.environment import read_environment
from blocks.errors import LoanwatchError
from blocks.registered import is_registered

BLOCK = "loan-alerts"
WEBHOOK_TYPE = "slack-incoming-webhook"
CREDENTIALS_TYPE = "slack-credentials"
CHANNEL_VARIABLE = "loan_alerts_channel"

# slack_sdk writes the webhook's address, which is the secret, into its debug lines.
_silent = logging.getLogger("loanwatch.slack.client")
_silent.setLevel(logging.CRITICAL + 1)


class SlackBlockError(LoanwatchError):
    """The Slack block cannot be used as it is registered."""


def find_webhook(name: str = BLOCK) -> Any | None:
    """A client of the incoming webhook that the block holds; None where there is no such block."""
    if not is_registered(name, WEBHOOK_TYPE):
        return None
    from prefect_slack import SlackWebhook

    block: Any = SlackWebhook.load(name, _sync=True)
    client = block.get_client(sync_client=True)
    client.logger, client.retry_handlers = _silent, []
    return client


def find_bot(name: str = BLOCK) -> tuple[Any, str] | None:
    """A client of the bot whose token the block holds, and its channel; None where there is no such block.

    LOANWATCH_SLACK_API names another address of Slack's API, such as GovSlack's.
    """
    if not is_registered(name, CREDENTIALS_TYPE):
        return None
    from prefect.variables import Variable
    from prefect_slack import SlackCredentials
    from slack_sdk import WebClient

    block: Any = SlackCredentials.load(name, _sync=True)
    channel: Any = Variable.get(CHANNEL_VARIABLE)
    if not channel:
        raise SlackBlockError(
            f"The bot of the Slack block {name} has no channel. Name one: `python -m blocks.register --slack-channel`."
        )
    address = read_environment().slack_api
    client = WebClient(block.token.get_secret_value(), base_url=address, logger=_silent, retry_handlers=[])
    return client, str(channel)
