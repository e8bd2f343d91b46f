"""Backfill: which past windows are to be monitored, and how far that has come."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Literal

from sqlalchemy import Engine

from blocks.errors import LoanwatchError
from tasks.core.run_tags import tag_backfill
from tasks.core.windows import PlanError, Window, month_of
from tasks.schema.locks import Lock, hold_lock
from tasks.schema.queries import read_query

Every = Literal["day", "week", "month"]
MOST_WINDOWS = 5_000


class BackfillError(LoanwatchError):
    """A backfill could not do its work; the windows that are done stay so."""


class UnfinishedError(BackfillError):
    """Some windows could not be monitored, which the backfill's own message has reported."""


@dataclass(frozen=True)
class Replay:
    """One window of a backfill. `parameters` are the monitor flow's, its days among them, as plain JSON values.

    `allowed` is how many attempts there may be before a window whose workers keep dying has failed.
    """

    backfill: str
    window: Window
    parameters: dict[str, Any]
    state: Literal["pending", "running", "finished", "failed"] = "pending"
    attempts: int = 0
    allowed: int = 3
    outcome: str = ""
    message: str = ""

    @property
    def is_open(self) -> bool:
        """Whether there is still something to do."""
        return self.state in ("pending", "running")


def cut_windows(start: date, end: date, every: Every) -> tuple[Window, ...]:
    """The whole windows from the first to the last day, both included.

    Raises PlanError where the days are not made up of whole ones: no day is left out in silence.
    """
    whole, windows = Window(start, end), []
    day = start
    while day <= end:
        window = _window_from(day, every)
        if window.start != day or window.end > end:
            raise PlanError(
                f"{whole} is not made up of whole {every}s: {day} to {min(window.end, end)} is a part of one. Choose "
                f"other days, or a longer `every`."
            )
        windows.append(window)
        day = window.end + timedelta(days=1)
        if len(windows) > MOST_WINDOWS:
            raise PlanError(f"{whole} has more than {MOST_WINDOWS} windows. Choose fewer days or longer windows.")
    return tuple(windows)


def _window_from(day: date, every: Every) -> Window:
    if every == "month":
        return month_of(f"{day:%Y-%m}")
    return Window(day, day + timedelta(days=6 if every == "week" else 0))


def name_backfill(days: Window, every: Every, parameters: dict[str, Any]) -> str:
    """The same name for the same request, which is how a second command finds what the first one has done."""
    asked = json.dumps([str(days), every, parameters], sort_keys=True, default=str)
    return hashlib.sha256(asked.encode()).hexdigest()[:12]


def save_plan(engine: Engine, contract: str, replays: Sequence[Replay], *, afresh: bool) -> None:
    """Write the windows that are not yet known; what failed before is open again, with `afresh` all is."""
    rows = [
        {
            "backfill": replay.backfill,
            "contract": contract,
            "start": replay.window.start,
            "end": replay.window.end,
            "parameters": json.dumps(replay.parameters),
        }
        for replay in replays
    ]
    with engine.begin() as connection:
        connection.execute(read_query("backfill/add_window"), rows)
        connection.execute(
            read_query("backfill/start_afresh" if afresh else "backfill/try_again"), {"backfill": replays[0].backfill}
        )


def list_replays(engine: Engine, backfill: str) -> list[Replay]:
    """Every window of a backfill in the order of time."""
    with engine.connect() as connection:
        rows = connection.execute(read_query("backfill/list_windows"), {"backfill": backfill}).all()
    return [
        Replay(
            backfill,
            Window(row.window_start, row.window_end),
            # A window that was planned before the tag named its backfill names it here.
            {name: value for name, value in row.parameters.items() if name != "backfill"},
            row.state,
            row.attempts,
            row.allowed,
            row.outcome,
            row.message,
        )
        for row in rows
    ]


def tag_replays(replays: Sequence[Replay]) -> str:
    """The tag of the runs of a backfill, of which these are all windows in the order of time."""
    return tag_backfill(replays[0].backfill, Window(replays[0].window.start, replays[-1].window.end))


def save_state(engine: Engine, replay: Replay) -> Replay:
    """Write how far a window has come."""
    row = {name: getattr(replay, name) for name in ("backfill", "state", "attempts", "outcome", "message")}
    with engine.begin() as connection:
        connection.execute(read_query("backfill/set_state"), {**row, "start": replay.window.start})
    return replay


@contextmanager
def claim_next(engine: Engine, backfill: str, *, in_order: bool) -> Iterator[Replay | None]:
    """The next open window, which nobody else is at while the block lasts; None where there is none to be had.

    In order, no window is begun before all earlier ones are finished.

    The claim is a lock of this process's connection: a worker that dies gives it back, and its window is open again.
    """
    for seen in [replay for replay in list_replays(engine, backfill) if replay.is_open]:
        with hold_lock(engine, Lock.WINDOW, f"{backfill} {seen.window.start}") as is_ours:
            replay = _read_again(engine, seen) if is_ours else seen
            if is_ours and replay.is_open:
                yield save_state(engine, replace(replay, state="running", attempts=replay.attempts + 1))
                return
        if in_order and replay.state != "finished":
            break
    yield None


def _read_again(engine: Engine, seen: Replay) -> Replay:
    """What was read before the lock was ours may be out of date. A window whose workers kept dying has failed."""
    replay = next(each for each in list_replays(engine, seen.backfill) if each.window == seen.window)
    if replay.is_open and replay.attempts >= replay.allowed:
        message = f"Its worker was killed {replay.attempts} times. Check the system's log for lack of memory."
        return save_state(engine, replace(replay, state="failed", message=message))
    return replay


def refuse_failures(replays: Sequence[Replay]) -> None:
    """Raises UnfinishedError that names every window which was not finished."""
    lines = [f"  {replay.window}: {replay.message or replay.state}" for replay in replays if replay.state != "finished"]
    if lines:
        raise UnfinishedError(
            f"{len(lines)} of {len(replays)} windows were not monitored:\n" + "\n".join(lines) + "\n"
            "The others are done. Run the same command again to continue with these."
        )
