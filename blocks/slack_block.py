"""Saving the Slack blocks: an incoming webhook, or a bot's token with its channel."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from blocks.environment import read_environment
from blocks.secrets import SecretError
from blocks.slack import CHANNEL_VARIABLE


def check_webhook(url: str, origin: str) -> None:
    """Raises SecretError, which names `origin` and nothing of the address, where it is no webhook's."""
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise SecretError(f"{origin} is no web address. Copy it from the Slack app's page “Incoming Webhooks”.")
    if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise SecretError(f"{origin} is not encrypted. Write https://, as Slack shows it.")


def save_webhook_block(name: str, url: str) -> None:
    """Save the webhook, in place of a bot of that name."""
    from prefect_slack import SlackWebhook

    block: Any = SlackWebhook(url=url)
    block.save(name, overwrite=True, _sync=True)
    _remove(name, "slack-credentials")


def save_bot_block(name: str, token: str, channel: str) -> None:
    """Save a bot's token and channel, in place of a webhook of that name.

    Prefect's automations cannot send with SlackCredentials: for them the token is saved in a Custom Webhook block, too.
    """
    from prefect.blocks.notifications import CustomWebhookNotificationBlock
    from prefect.variables import Variable
    from prefect_slack import SlackCredentials

    bot: Any = SlackCredentials(token=token)
    bot.save(name, overwrite=True, _sync=True)
    address = read_environment().slack_api
    notifier: Any = CustomWebhookNotificationBlock(
        name=name,
        url=f"{address}chat.postMessage",
        json_data={"channel": channel, "text": "{{subject}}\n{{body}}"},
        headers={"Authorization": "Bearer {{token}}"},
        secrets={"token": token},
    )
    notifier.save(name, overwrite=True, _sync=True)
    Variable.set(CHANNEL_VARIABLE, channel, overwrite=True)
    _remove(name, "slack-incoming-webhook")


def _remove(name: str, block_type: str) -> None:
    from prefect.client.orchestration import get_client
    from prefect.exceptions import ObjectNotFound

    with get_client(sync_client=True) as client:
        try:
            document = client.read_block_document_by_name(name, block_type, include_secrets=False)
            client.delete_block_document(document.id)
        except ObjectNotFound:
            return
