"""Measure: the record of a life and a policy, from what was said at each look and lost in each month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from benchmarks.life.calendar import WATCHED
from benchmarks.life.run import Seen
from benchmarks.life.scenarios import Scenario, find_scored_months

DAYS_IN_YEAR = 365.25


@dataclass(frozen=True)
class AfterChange:
    """What followed one change of a life, until the next one began: runs whose window holds a day of that time.

    `delay_days`: from the change's first day to the day of the first alarm; None without one.
    """

    change: str
    start: str
    runs: int
    alarmed_runs: int
    warned_runs: int
    promotions: int
    delay_days: int | None


@dataclass(frozen=True)
class Record:
    """One life and one policy.

    `false_alarms` are those before the first change, a year: alarms of successive runs whose windows share days are
    one; `quiet_years` is the time that they are counted over. `alarmed_runs` and `delay_days` count from the scenario's
    last change (from the first season); `promotions` are the whole life's. `auc_lost` is the mean of the months after
    the one in which that change began; in `lost_by_month` is each month's.
    """

    policy: str
    scenario: str
    seed: int
    cadence: str
    false_alarms: float
    alarmed_runs: int
    promotions: int
    delay_days: int | None
    auc_lost: float
    quiet_years: float
    warned_runs: int
    changes: list[AfterChange] = field(default_factory=list)
    lost_by_month: dict[str, float] = field(default_factory=dict)
    alarms: list[str] = field(default_factory=list)
    promoted: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)


def measure_life(
    identity: Mapping[str, Any], scenario: Scenario, seen: Sequence[Seen], lost: Mapping[int, float]
) -> Record:
    """The record of a life; `identity` names policy, seed and cadence."""
    starts = [change.days.start for change in scenario.changes]
    first = scenario.changes[0].days.start if scenario.changes else None
    quiet_years = ((first - WATCHED.start).days if first else WATCHED.days) / DAYS_IN_YEAR
    quiet = [one for one in seen if first is None or one.visit.window.end < first]
    after = [] if scenario.start is None else [one for one in seen if one.visit.window.end >= scenario.start]
    changes = [
        _measure_change(change.name, start, [one for one in seen if _is_between(one, start, until)])
        for change, start, until in zip(scenario.changes, starts, [*starts[1:], None], strict=False)
    ]
    scored = find_scored_months(scenario)
    return Record(
        **identity,
        scenario=scenario.name,
        false_alarms=round(count_alarms(quiet) / quiet_years, 3),
        alarmed_runs=sum(one.look.alarmed for one in after),
        promotions=sum(one.look.promoted for one in seen),
        delay_days=None if scenario.start is None else find_delay(after, scenario.start),
        auc_lost=round(sum(lost[number] for number in scored) / len(scored), 5),
        quiet_years=round(quiet_years, 3),
        warned_runs=sum(one.look.warned for one in after),
        changes=changes,
        lost_by_month={str(number): round(value, 5) for number, value in lost.items()},
        alarms=[str(one.visit.today) for one in seen if one.look.alarmed],
        promoted=[str(one.visit.today) for one in seen if one.look.promoted],
        notes=[f"{one.visit.today}: {one.look.note}" for one in seen if one.look.note],
    )


def count_alarms(seen: Sequence[Seen]) -> int:
    """Alarms; those of successive runs whose windows share days are one."""
    count, last = 0, None
    for one in seen:
        if one.look.alarmed:
            is_same = last is not None and one.visit.window.overlaps(last.visit.window)
            count, last = count + (not is_same), one
        else:
            last = None
    return count


def find_delay(seen: Sequence[Seen], start: date) -> int | None:
    """The days from a change to the run that first alarms."""
    return next(((one.visit.today - start).days for one in seen if one.look.alarmed), None)


def _is_between(one: Seen, start: date, until: date | None) -> bool:
    return one.visit.window.end >= start and (until is None or one.visit.window.end < until)


def _measure_change(name: str, start: date, seen: Sequence[Seen]) -> AfterChange:
    return AfterChange(
        name,
        str(start),
        len(seen),
        sum(one.look.alarmed for one in seen),
        sum(one.look.warned for one in seen),
        sum(one.look.promoted for one in seen),
        find_delay(seen, start),
    )
