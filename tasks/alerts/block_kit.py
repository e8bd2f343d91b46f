"""Message: an alert as Slack shows it, in Block Kit, within Slack's limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Slack's limits, in characters; a message that breaks one is refused as a whole.
LONGEST_HEADER, LONGEST_SECTION, LONGEST_FIELD, LONGEST_FALLBACK = 150, 3000, 2000, 4000
MOST_FIELDS = 10
SIGNS = {"info": ":large_green_circle:", "warning": ":large_orange_circle:", "critical": ":red_circle:"}


@dataclass(frozen=True)
class Message:
    """What is said: plain texts, which need not be escaped. `lists` and `facts` go by their headings."""

    severity: str
    title: str
    lead: str
    lists: Mapping[str, Sequence[str]]
    facts: Mapping[str, str]
    links: Mapping[str, str]
    alert_id: str


def render_message(message: Message) -> dict[str, Any]:
    """The message as Slack takes it: `text` for notifications and screen readers, `blocks` for the eye."""
    title = f"{SIGNS[message.severity]} {message.title}"
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": cut(title, LONGEST_HEADER), "emoji": True}},
        _section(escape(message.lead)),
    ]
    for heading, lines in message.lists.items():
        if lines:
            text = "\n".join(f"• {escape(line)}" for line in lines)
            blocks.append(_section(f"*{escape(heading)}*\n{text}"))
    if message.facts:
        blocks.append({"type": "section", "fields": _fields(message.facts)})
    if message.links:
        blocks.append(_section(" · ".join(_link(url, name) for name, url in message.links.items())))
    blocks.append(_context(f"alert {escape(message.alert_id)}"))
    return {"text": cut(escape(f"{message.title}: {message.lead}"), LONGEST_FALLBACK), "blocks": blocks}


def mark_repeat(payload: Mapping[str, Any], alert_id: str) -> dict[str, Any]:
    """The same message with a note: Slack did not answer an earlier try, so that it may have been posted."""
    note = f":repeat: may repeat alert {escape(alert_id)}: no answer came when it was sent before"
    return {**payload, "blocks": [*payload["blocks"], _context(note)]}


def escape(text: str) -> str:
    """Slack's three control characters as text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def cut(text: str, longest: int) -> str:
    """The text, its end left out where it is too long. No half of an escaped character stays behind."""
    if len(text) <= longest:
        return text
    kept = text[: longest - 1]
    last = kept.rfind("&", len(kept) - 5)
    return (kept[:last] if last >= 0 and ";" not in kept[last:] else kept) + "…"


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": cut(text, LONGEST_SECTION) or " "}}


def _context(text: str) -> dict[str, Any]:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": cut(text, LONGEST_FIELD)}]}


def _fields(facts: Mapping[str, str]) -> list[dict[str, Any]]:
    shown = list(facts.items())[:MOST_FIELDS]
    return [
        {"type": "mrkdwn", "text": cut(f"*{escape(name)}*\n{escape(value)}", LONGEST_FIELD)} for name, value in shown
    ]


def _link(url: str, name: str) -> str:
    """A link where the address is one for a browser, else the address as it is."""
    return f"<{url}|{escape(name)}>" if url.startswith(("http://", "https://")) else f"{escape(name)}: `{escape(url)}`"
