"""Outbox: what is to be reported is kept in `loanwatch.alert` until Slack has answered that it was posted.

A message is posted exactly once where Slack answered. Where a try was sent and no answer came, nobody can know: the
next try of the same alert says that it may repeat it. Messages go in the order in which they were put in, one process
at a time.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from tasks.alerts.block_kit import mark_repeat
from tasks.alerts.slack import Answer, DeliveryStatus, Sender
from tasks.core.policy import AlertPolicy
from tasks.schema.locks import Lock, try_lock_until_commit
from tasks.schema.queries import read_query

FIRST_WAIT_SECONDS = 1.0


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
    """Post what waits, the oldest first, until all of it is posted, a message does not go, or patience ends."""
    deadline = clock.now() + policy.patience_seconds
    posted, why = 0, ""
    with _take_turn(engine, clock, deadline) as is_ours:
        if not is_ours:
            return Delivery(0, count_waiting(engine), "another run is delivering")
        while row := _read_next(engine):
            if clock.now() >= deadline:
                why = "no time was left for Slack"
                break
            answer = _post(
                engine, row, lambda payload: send(payload, policy.timeout_seconds), policy, (clock, deadline)
            )
            posted += answer.fate is DeliveryStatus.DELIVERED
            if answer.fate not in (DeliveryStatus.DELIVERED, DeliveryStatus.MALFORMED):
                why = answer.said
                break
    return Delivery(posted, count_waiting(engine), why)


def _post(
    engine: Engine, row: Any, send: Callable[[dict[str, Any]], Answer], policy: AlertPolicy, until: tuple[Clock, float]
) -> Answer:
    """Try one message until it is posted, refused, or out of tries or time."""
    clock, deadline = until
    may_repeat, answer = bool(row.may_repeat), Answer(DeliveryStatus.UNREACHED)
    for number in range(policy.tries):
        payload = mark_repeat(row.payload, row.alert_id) if may_repeat else dict(row.payload)
        _execute(engine, "begin_attempt", {"alert_id": row.alert_id})
        answer = send(payload)
        may_repeat = may_repeat or answer.fate is DeliveryStatus.UNKNOWN
        _note(engine, row.alert_id, answer, may_repeat)
        wait = FIRST_WAIT_SECONDS * 2**number if answer.wait is None else answer.wait
        is_over = (
            answer.fate in (DeliveryStatus.DELIVERED, DeliveryStatus.REFUSED, DeliveryStatus.MALFORMED)
            or number + 1 == policy.tries
        )
        if is_over or clock.now() + wait >= deadline:
            break
        clock.sleep(wait)
    return answer


def _note(engine: Engine, alert_id: str, answer: Answer, may_repeat: bool) -> None:
    state = {DeliveryStatus.DELIVERED: "delivered", DeliveryStatus.MALFORMED: "undeliverable"}.get(
        answer.fate, "pending"
    )
    change = {"alert_id": alert_id, "state": state, "may_repeat": may_repeat, "error": answer.said}
    _execute(engine, "end_attempt", change)


@contextmanager
def _take_turn(engine: Engine, clock: Clock, deadline: float) -> Iterator[bool]:
    """Hold the delivery lock, which goes with the transaction, and so with a process that dies; False: not ours."""
    with engine.begin() as connection:
        while not (is_ours := try_lock_until_commit(connection, Lock.DELIVERY)) and clock.now() < deadline:
            clock.sleep(0.2)
        yield is_ours


def _read_next(engine: Engine) -> Any:
    with engine.connect() as connection:
        return connection.execute(read_query("outbox/next")).one_or_none()


def count_waiting(engine: Engine) -> int:
    """How many messages wait to be delivered."""
    with engine.connect() as connection:
        return int(connection.execute(read_query("outbox/count_pending")).scalar_one())


def _execute(engine: Engine, name: str, values: dict[str, Any]) -> None:
    with engine.begin() as connection:
        connection.execute(read_query(f"outbox/{name}"), values)
