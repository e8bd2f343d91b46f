"""Deliver: from a message to its row in the outbox, and from there to Slack."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from tasks.alerts.block_kit import Message, render_message
from tasks.alerts.outbox import Delivery, Entry, count_waiting, deliver
from tasks.alerts.slack import find_sender
from tasks.core.policy import AlertPolicy
from tasks.job.journal import describe_error, log


def deliver_waiting(engine: Engine, policy: AlertPolicy) -> str:
    """Deliver what waits, where Slack is set up; says what became of it, and nothing where nothing waited."""
    try:
        sender = find_sender()
        delivery = deliver(engine, sender, policy) if sender else None
    except SQLAlchemyError:
        raise
    except Exception as error:  # the block, or the Prefect server that knows it
        return f"held for the next run: the Slack block cannot be read ({describe_error(error)})"
    if delivery is None:
        waiting = count_waiting(engine)
        return f"{waiting} kept in the outbox: no Slack block is registered" if waiting else ""
    _warn(delivery)
    return str(delivery) if delivery.posted or delivery.waiting else ""


def make_entry(contract: str, job_id: str, message: Message, fingerprints: tuple[str, ...] = ()) -> Entry:
    """A message as the outbox keeps it: as plain text, and as Slack takes it."""
    lines = [f"{heading}: {line}" for heading, listed in message.lists.items() for line in listed]
    payload: dict[str, Any] = render_message(message)
    body = "\n".join([message.lead, *lines, *(f"{name}: {place}" for name, place in message.links.items())])
    return Entry(message.alert_id, contract, job_id, message.severity, message.title, body, payload, fingerprints)


def _warn(delivery: Delivery) -> None:
    if delivery.waiting:
        log.warning("Slack: %s", delivery)
