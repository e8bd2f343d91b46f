"""Slack: send one message, and report in plain words what happened to it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.error import URLError

from blocks.slack import find_bot, find_webhook


class DeliveryStatus(StrEnum):
    """What became of a message."""

    DELIVERED = "delivered"
    BUSY = "busy"  # Slack answered that it could not take it now: not posted
    UNREACHED = "unreached"  # nothing was sent
    UNKNOWN = "unknown"  # sent, and no answer came: it may have been posted
    REFUSED = "refused"  # a person has to correct the block, the channel or the app
    MALFORMED = "malformed"  # Slack will never take this message


@dataclass(frozen=True)
class Answer:
    """The fate of a message and why, for a person; `wait` is Slack's Retry-After in seconds."""

    fate: DeliveryStatus
    said: str = ""
    wait: float | None = None


Sender = Callable[[Mapping[str, Any], int], Answer]

ADVICE = {
    "channel_not_found": "There is no such channel, or the app is not in it: check its name, and invite the app.",
    "not_in_channel": "The app is not in the channel: invite it there.",
    "channel_is_archived": "The channel is archived: choose another one.",
    "is_archived": "The channel is archived: choose another one.",
    "no_service": "The webhook was revoked or its app removed: make a new one, and register it again.",
    "no_team": "The workspace of the webhook is gone: make a new webhook, and register it again.",
    "team_disabled": "The Slack workspace is disabled.",
    "no_active_hooks": "The webhook was disabled: make a new one, and register it again.",
    "invalid_token": "The webhook's token is wrong or revoked: make a new webhook, and register it again.",
    "token_revoked": "The bot's token was revoked: make a new one, and register it again.",
    "token_expired": "The bot's token has expired: make a new one, and register it again.",
    "invalid_auth": "The bot's token is wrong: copy it again from the Slack app, and register it.",
    "not_authed": "The bot's token is empty: copy it again from the Slack app, and register it.",
    "account_inactive": "The bot's account is switched off: reinstall the Slack app, and register its token.",
    "missing_scope": "The bot lacks a scope: give the Slack app chat:write, reinstall it, and register its token.",
    "action_prohibited": "A workspace administrator restricts the webhook: ask there.",
    "posting_to_general_channel_denied": "Only some may post to this channel: choose another one.",
    "user_not_found": "The user of the webhook is gone: make a new webhook, and register it again.",
}
MALFORMED = frozenset(
    {
        "invalid_payload", "invalid_blocks", "invalid_blocks_format", "invalid_attachments", "too_many_attachments",
        "no_text", "msg_too_long", "msg_blocks_too_long", "invalid_arguments",
    }
)  # fmt: skip
TROUBLED = frozenset({"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable"})
BUSY_STATUS = 429
SHOWN_CHARACTERS = 200


def find_sender() -> Sender | None:
    """Who sends: the webhook of the block `loan-alerts`, else its bot; None where neither is registered."""
    webhook = find_webhook()
    if webhook is not None:
        return lambda payload, timeout: send_by_webhook(webhook, payload, timeout)
    bot = find_bot()
    if bot is not None:
        return lambda payload, timeout: send_by_bot(*bot, payload, timeout)
    return None


def send_by_webhook(client: Any, payload: Mapping[str, Any], timeout: int) -> Answer:
    """Post through an incoming webhook. Never raises for what the network or Slack does."""
    client.timeout = timeout
    try:
        response = client.send(text=payload["text"], blocks=list(payload["blocks"]))
    except Exception as error:  # urllib, http.client, ssl and socket each have their own
        return explain_failure(error)
    headers = {name.lower(): value for name, value in response.headers.items()}
    return read_answer(response.status_code, str(response.body), headers)


def send_by_bot(client: Any, channel: str, payload: Mapping[str, Any], timeout: int) -> Answer:
    """Post with a bot's token. Never raises for what the network or Slack does."""
    from slack_sdk.errors import SlackApiError

    client.timeout = timeout
    try:
        client.chat_postMessage(channel=channel, text=payload["text"], blocks=list(payload["blocks"]))
    except SlackApiError as error:
        response: Any = error.response
        headers = {name.lower(): value for name, value in response.headers.items()}
        said = response.get("error") if isinstance(response.data, dict) else str(response.data)
        return read_answer(response.status_code, said or "no reason given", headers, is_api=True)
    except Exception as error:  # urllib, http.client, ssl and socket each have their own
        return explain_failure(error)
    return Answer(DeliveryStatus.DELIVERED)


def read_answer(status: int, body: str, headers: Mapping[str, str], *, is_api: bool = False) -> Answer:
    """Slack's answer in our words. The API answers 200 to a message that it refuses, a webhook does not."""
    word = body.strip()[:SHOWN_CHARACTERS]
    if status == BUSY_STATUS or word in TROUBLED:
        return Answer(DeliveryStatus.BUSY, f"Slack asks to wait ({status} {word}).", _read_wait(headers))
    if status >= 500:
        return Answer(DeliveryStatus.BUSY, f"Slack has trouble ({status} {word}).", _read_wait(headers))
    if status == 200 and not is_api:
        return Answer(DeliveryStatus.DELIVERED)
    if word in MALFORMED:
        return Answer(DeliveryStatus.MALFORMED, f"Slack refuses the message as malformed ({status} {word}).")
    advice = ADVICE.get(word, "Check the webhook or token of the Slack block loan-alerts.")
    return Answer(DeliveryStatus.REFUSED, f"Slack refuses ({status} {word}). {advice}")


def explain_failure(error: BaseException) -> Answer:
    """What a failed connection means: surely not sent, or perhaps."""
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(error, URLError) and not isinstance(cause, ConnectionResetError | BrokenPipeError):
        return Answer(DeliveryStatus.UNREACHED, f"Slack cannot be reached: {_explain_cause(cause)}.")
    words = "no answer in time" if isinstance(cause, TimeoutError) else f"the connection broke ({type(cause).__name__})"
    return Answer(DeliveryStatus.UNKNOWN, f"The message was sent, and {words}.")


def _explain_cause(cause: object) -> str:
    if isinstance(cause, socket.gaierror):
        return "its name cannot be resolved: is there a network, and a proxy in HTTPS_PROXY where one is needed?"
    if isinstance(cause, ConnectionRefusedError):
        return "the connection is refused: is there a firewall or a proxy?"
    if isinstance(cause, ssl.SSLError):
        return f"its certificate is not trusted ({cause.reason}): is there a proxy that opens TLS?"
    if isinstance(cause, TimeoutError):
        return "no connection in time: is there a firewall?"
    return str(cause)[:SHOWN_CHARACTERS] if isinstance(cause, OSError) else type(cause).__name__


def _read_wait(headers: Mapping[str, str]) -> float | None:
    value = headers.get("retry-after", "")
    return float(value) if value.replace(".", "", 1).isdecimal() else None
