"""Outbox: what is to be reported is kept in `loanwatch.alert` until Slack has answered that it was posted.

A message is posted exactly once where Slack answered. Where a try was sent and no answer came, nobody can know: the
next try of the same alert says that it may repeat it. Messages go in the order in which they were put in, one process
at a time: it leases the oldest message for one try, in a short transaction, and notes the answer in another.
"""

from __future__ import annotations

import json
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from blocks.errors import LoanwatchError
from tasks.alerts.block_kit import mark_repeat
from tasks.alerts.slack import Answer, DeliveryStatus, Sender
from tasks.core.policy import AlertPolicy
from tasks.schema.queries import read_query

FIRST_WAIT_SECONDS = 1.0
TURN_SECONDS = 0.2  # between two looks at whether another process is done
MARGIN_SECONDS = 5.0  # for the database and a busy machine, beside the time that Slack has


@dataclass(frozen=True)
class Entry:
    """One row of the outbox, as it is put in."""

    alert_id: str
    contract: str
    job_id: str
    severity: str
    title: str
    body: str
    payload: dict[str, Any]
    fingerprints: tuple[str, ...] = ()


@dataclass(frozen=True)
class Delivery:
    """How many messages were posted, how many wait for the next run, and why they do."""

    posted: int
    waiting: int
    why: str = ""

    def __str__(self) -> str:
        """For the journal."""
        held = f", {self.waiting} held for the next run: {self.why}" if self.waiting else ""
        return f"{self.posted} sent{held}"


@dataclass(frozen=True)
class Clock:
    """Time, as an argument, so that a test need not wait."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def add_alert(engine: Engine, entry: Entry) -> bool:
    """Keep an alert until it is delivered; whether it is new. The same alert id is kept once."""
    row = {
        "alert_id": entry.alert_id,
        "contract": entry.contract,
        "job_id": entry.job_id,
        "severity": entry.severity,
        "title": entry.title,
        "body": entry.body,
        "payload": json.dumps(entry.payload),
        "fingerprints": list(entry.fingerprints),
    }
    with engine.begin() as connection:
        return connection.execute(read_query("outbox/add_alert"), row).rowcount == 1


def deliver(engine: Engine, send: Sender, policy: AlertPolicy, clock: Clock = Clock()) -> Delivery:
    """Post what waits, the oldest first, until all of it is posted, a message does not go, or patience ends.

    A message is leased while it is posted: no transaction is open and no lock held while Slack is asked.
    """
    outbox = _Outbox(engine, secrets.token_hex(8), policy.timeout_seconds + MARGIN_SECONDS)
    deadline = clock.now() + policy.patience_seconds
    tries: Counter[str] = Counter()
    posted, why = 0, ""
    with outbox.release_at_end():
        while count_waiting(engine):
            if clock.now() >= deadline:
                why = why or "no time was left for Slack"
                break
            row = outbox.claim()
            if row is None:
                why = "another run is delivering"
                clock.sleep(TURN_SECONDS)
                continue
            payload = mark_repeat(row.payload, row.alert_id) if row.may_repeat else row.payload
            answer = send(payload, policy.timeout_seconds)
            tries[row.alert_id] += 1
            wait = _find_wait(answer, tries[row.alert_id], policy, deadline - clock.now())
            outbox.note(row, answer, wait)
            posted, why = posted + (answer.fate is DeliveryStatus.DELIVERED), ""
            if wait is not None:
                clock.sleep(wait)
            elif answer.fate not in (DeliveryStatus.DELIVERED, DeliveryStatus.MALFORMED):
                why = answer.said
                break
    waiting = count_waiting(engine)
    return Delivery(posted, waiting, why if waiting else "")


def _find_wait(answer: Answer, tries: int, policy: AlertPolicy, seconds_left: float) -> float | None:
    """Seconds until the next try of the same message; None where there is none in this run."""
    if answer.fate in (DeliveryStatus.DELIVERED, DeliveryStatus.REFUSED, DeliveryStatus.MALFORMED):
        return None
    wait = FIRST_WAIT_SECONDS * 2 ** (tries - 1) if answer.wait is None else answer.wait
    return wait if tries < policy.tries and wait < seconds_left else None


@dataclass(frozen=True)
class _Outbox:
    """The outbox for one process. Each step is a transaction of its own, which is over before Slack is asked."""

    engine: Engine
    holder: str
    seconds: float

    def claim(self) -> Any:
        """The oldest message, for one try; None where there is none or another process has it."""
        values = {"holder": self.holder, "seconds": self.seconds}
        with self.engine.begin() as connection:
            return connection.execute(read_query("outbox/claim"), values).one_or_none()

    def note(self, row: Any, answer: Answer, wait: float | None) -> None:
        """Record Slack's answer; with `wait`, keep the message for another try after so many seconds."""
        states = {DeliveryStatus.DELIVERED: "delivered", DeliveryStatus.MALFORMED: "undeliverable"}
        change = {
            "alert_id": row.alert_id,
            "state": states.get(answer.fate, "pending"),
            "may_repeat": row.may_repeat or answer.fate is DeliveryStatus.UNKNOWN,
            "error": answer.said,
            "holder": self.holder,
            "seconds": None if wait is None else wait + MARGIN_SECONDS,
        }
        with self.engine.begin() as connection:
            connection.execute(read_query("outbox/end_attempt"), change)

    @contextmanager
    def release_at_end(self) -> Iterator[None]:
        """Give back what is held, also where this process is told to stop; one that is killed holds it for its time."""
        try:
            yield
        finally:
            with suppress(SQLAlchemyError, LoanwatchError), self.engine.begin() as connection:
                connection.execute(read_query("outbox/release"), {"holder": self.holder})


def count_waiting(engine: Engine) -> int:
    """How many messages wait to be delivered."""
    with engine.connect() as connection:
        return int(connection.execute(read_query("outbox/count_pending")).scalar_one())
