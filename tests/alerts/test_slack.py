"""Sending to Slack, against a real HTTP listener: every way in which it can go wrong, and what is said then."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk import WebClient

from tasks.alerts.block_kit import Message, cut, escape, mark_repeat, render_message
from tasks.alerts.slack import DeliveryStatus, send_by_bot, send_by_webhook
from tests.support.slack_stand_in import StandIn, check_blocks, run_stand_in, webhook

PAYLOAD = {"text": "hello", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}]}
CHANNEL = "#loans"


@pytest.fixture
def slack() -> Iterator[StandIn]:
    with run_stand_in() as stand_in:
        yield stand_in


@pytest.mark.parametrize(
    ("answer", "fate", "says"),
    [
        ((200, "ok", {}), DeliveryStatus.DELIVERED, ""),
        ((500, "boom", {}), DeliveryStatus.BUSY, "500 boom"),
        ((503, "", {}), DeliveryStatus.BUSY, "503"),
        ((429, "rate_limited", {"Retry-After": "2"}), DeliveryStatus.BUSY, "429"),
        ((404, "channel_not_found", {}), DeliveryStatus.REFUSED, "no such channel"),
        ((410, "channel_is_archived", {}), DeliveryStatus.REFUSED, "archived"),
        ((403, "invalid_token", {}), DeliveryStatus.REFUSED, "revoked"),
        ((404, "no_service", {}), DeliveryStatus.REFUSED, "revoked"),
        ((400, "invalid_blocks", {}), DeliveryStatus.MALFORMED, "malformed"),
        ((418, "something_new", {}), DeliveryStatus.REFUSED, "something_new"),
        ("hang", DeliveryStatus.UNKNOWN, "no answer in time"),
        ("cut", DeliveryStatus.UNKNOWN, "the connection broke"),
    ],
)
def test_webhook_answers(slack: StandIn, answer: Any, fate: DeliveryStatus, says: str) -> None:
    slack.script = [answer]
    told = send_by_webhook(webhook(slack.url), PAYLOAD, 1)
    assert told.fate is fate
    assert says in told.said
    assert len(slack.seen) == 1, "nothing is sent twice behind our back"
    assert slack.seen[0]["blocks"] == PAYLOAD["blocks"]
    assert slack.url not in told.said


def test_retry_after_is_read(slack: StandIn) -> None:
    slack.script = [(429, "rate_limited", {"Retry-After": "2"})]
    assert send_by_webhook(webhook(slack.url), PAYLOAD, 1).wait == 2.0


def test_refused_connection_was_not_sent() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    told = send_by_webhook(webhook(f"http://127.0.0.1:{port}/secret"), PAYLOAD, 1)
    assert told.fate is DeliveryStatus.UNREACHED
    assert "refused" in told.said
    assert "secret" not in told.said


def test_unknown_host_was_not_sent() -> None:
    told = send_by_webhook(webhook("https://slack.invalid/secret"), PAYLOAD, 2)
    assert told.fate is DeliveryStatus.UNREACHED
    assert "resolved" in told.said


@pytest.mark.parametrize(
    ("answer", "fate", "says"),
    [
        ((200, '{"ok": true, "ts": "1.2", "channel": "C1"}', {}), DeliveryStatus.DELIVERED, ""),
        ((200, '{"ok": false, "error": "channel_not_found"}', {}), DeliveryStatus.REFUSED, "no such channel"),
        ((200, '{"ok": false, "error": "token_revoked"}', {}), DeliveryStatus.REFUSED, "revoked"),
        ((200, '{"ok": false, "error": "not_in_channel"}', {}), DeliveryStatus.REFUSED, "invite"),
        ((200, '{"ok": false, "error": "invalid_blocks"}', {}), DeliveryStatus.MALFORMED, "malformed"),
        ((200, '{"ok": false, "error": "internal_error"}', {}), DeliveryStatus.BUSY, "internal_error"),
        ((429, '{"ok": false, "error": "ratelimited"}', {"Retry-After": "7"}), DeliveryStatus.BUSY, "429"),
        ((500, '{"ok": false, "error": "fatal_error"}', {}), DeliveryStatus.BUSY, "500"),
        ("hang", DeliveryStatus.UNKNOWN, "no answer"),
    ],
)
def test_bot_answers(slack: StandIn, answer: Any, fate: DeliveryStatus, says: str) -> None:
    slack.script = [answer]
    client = WebClient("xoxb-secret", base_url=f"http://127.0.0.1:{slack.port}/api/", retry_handlers=[])
    told = send_by_bot(client, CHANNEL, PAYLOAD, 1)
    assert told.fate is fate
    assert says in told.said
    assert told.wait == (7.0 if says == "429" else None)
    assert slack.headers[0]["Authorization"] == "Bearer xoxb-secret"
    assert slack.paths == ["/api/chat.postMessage"]


def message(size: int) -> Message:
    text = "<b> & " * size
    return Message(
        "warning", text, text, {"New": [text] * 30, "Still": []}, {f"f{n}": text for n in range(30)},
        {"Run": "https://prefect.example/run/1", "Report": "/results/report.html"}, "20240901T060000-3f9a1c/outcome",
    )  # fmt: skip


@pytest.mark.parametrize("size", [1, 30, 500, 20_000])
def test_message_keeps_slacks_limits(size: int) -> None:
    payload = render_message(message(size))
    check_blocks(payload)
    check_blocks(mark_repeat(payload, "an-id"))


def test_message_escapes_and_links() -> None:
    payload = render_message(message(1))
    said = str(payload["blocks"][1:])
    assert "&lt;b&gt; &amp;" in said
    assert "<b>" not in said
    assert "<https://prefect.example/run/1|Run> · Report: `/results/report.html`" in said
    assert "alert 20240901T060000-3f9a1c/outcome" in said


def test_repeat_is_marked_with_the_alert_id() -> None:
    assert "may repeat alert an-id" in str(mark_repeat(PAYLOAD, "an-id")["blocks"][-1])
    assert len(PAYLOAD["blocks"]) == 1


def test_cut_leaves_no_half_of_an_escape() -> None:
    assert cut(escape("a<b"), 4) == "a…"
    assert cut("abc", 3) == "abc"
