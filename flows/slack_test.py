"""Slack test: send one message to the channel of the block `loan-alerts`, or say plainly what is wrong."""

from __future__ import annotations

import secrets
import sys
from datetime import UTC, datetime
from typing import Annotated, Any

from cyclopts import App
from prefect import flow
from pydantic import Field
from rich.console import Console

from blocks.errors import LoanwatchError
from flows.cli.run_locally import run_flow
from tasks.alerts.block_kit import Message, render_message
from tasks.alerts.slack import DeliveryStatus, find_sender
from tasks.core.run_tags import tag_outcome
from tasks.prefect_ui.links import find_flow_run_id, link_run
from tasks.prefect_ui.run_names import name_at_start, show_end

app = App(name="flows.slack_test", help="Send one message to Slack, or say what is wrong.")


class SlackTestError(LoanwatchError):
    """The message did not arrive; the text says why."""


@flow(
    name="slack-test",
    description="Send one message to the channel of the block loan-alerts.",
    flow_run_name=name_at_start,
)
def slack_test(
    text: str = "loanwatch can write here.",
    timeout_seconds: Annotated[int, Field(ge=1, le=120)] = 10,
) -> str:
    """Send one message, past the outbox.

    Args:
        text: What to say.
        timeout_seconds: How long to wait for Slack's answer.
    """
    sender = find_sender()
    if sender is None:
        raise SlackTestError(
            "There is no Slack block loan-alerts on this Prefect server. Set LOANWATCH_SLACK_WEBHOOK and run "
            "`python -m blocks.register`."
        )
    answer = sender(render_message(compose_test(text)), timeout_seconds)
    if answer.fate is not DeliveryStatus.DELIVERED:
        raise SlackTestError(answer.said)
    show_end("delivered", tag_outcome("delivered"))
    return "Slack has taken the message."


def compose_test(text: str) -> Message:
    """The message of a test."""
    page = link_run(find_flow_run_id())
    return Message(
        severity="info",
        title="loanwatch: test",
        lead=text,
        lists={},
        facts={"Sent": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"},
        links={"Run": page} if page else {},
        alert_id=f"test/{secrets.token_hex(3)}",
    )


@app.default
def command(text: str = "loanwatch can write here.") -> int:
    """Send one message. Exit code 0: Slack has taken it; 1: it has not, and the message says why.

    Parameters
    ----------
    text
        What to say.
    """
    return run_flow(slack_test, {"text": text}, show)[0]


def show(console: Console, said: Any) -> None:
    """Print what Slack said."""
    console.print(f"  {said}", markup=False)


if __name__ == "__main__":
    sys.exit(app())
