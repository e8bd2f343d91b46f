"""Onset: since when a change is there, as far as the days of the window tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any


class OnsetKind(StrEnum):
    """What the days tell of a change's beginning."""

    STEP = "step"  # on a day of the window
    BEFORE = "before"  # the window may have begun with it
    UNDATED = "undated"  # no single day: it came in parts, grew or passed, or the days vary too much


@dataclass(frozen=True)
class DayValue:
    """One day: how many applications count, and their value."""

    day: date
    rows: int
    value: float


@dataclass(frozen=True)
class Onset:
    """When a change began.

    Parameters
    ----------
    kind
        What the days tell.
    measured
        What `by_day`, `reference` and `level` are, in a few words.
    reference
        The value in the reference.
    by_day
        The value of each day of the window that has applications.
    day
        The first changed day; None where it is undated.
    earliest, latest
        The 95 % interval of that day. `earliest` is None where the change may have begun before the window.
    level
        The value since then; None where it is undated.
    """

    kind: OnsetKind
    measured: str
    reference: float
    by_day: tuple[DayValue, ...]
    day: date | None = None
    earliest: date | None = None
    latest: date | None = None
    level: float | None = None

    def as_record(self) -> dict[str, Any]:
        """The onset as plain JSON values; a day is [day, rows, value]."""
        days = {name: _write_day(getattr(self, name)) for name in ("day", "earliest", "latest")}
        return {
            "kind": str(self.kind),
            "measured": self.measured,
            **days,
            "level": self.level,
            "reference": self.reference,
            "by_day": [[one.day.isoformat(), one.rows, one.value] for one in self.by_day],
        }

    @property
    def span(self) -> float:
        """The days of the interval; infinite where no day is told."""
        if self.latest is None or not self.by_day:
            return float("inf")
        return float((self.latest - (self.earliest or self.by_day[0].day)).days)

    @property
    def sentence(self) -> str:
        """The onset in words.

        Examples
        --------
        >>> onset = Onset(OnsetKind.STEP, "", 0, (), date(2024, 10, 14), date(2024, 10, 11), date(2024, 10, 17))
        >>> onset.sentence
        'Since about 14 October (between 11 and 17 October).'
        """
        if self.kind is OnsetKind.UNDATED or self.day is None or self.latest is None:
            return "No single day of change can be told."
        if self.kind is OnsetKind.BEFORE or self.earliest is None:
            if self.by_day and self.latest == self.by_day[0].day:
                return f"The whole window differs: the change began on {_name(self.latest)} or before."
            return f"The change began by {_name(self.latest)}, and perhaps before the window."
        if self.earliest == self.latest:
            return f"Since {_name(self.day)}."
        same_month = (self.earliest.year, self.earliest.month) == (self.latest.year, self.latest.month)
        first = str(self.earliest.day) if same_month else _name(self.earliest)
        return f"Since about {_name(self.day)} (between {first} and {_name(self.latest)})."


def read_onset(record: Mapping[str, Any] | None) -> Onset | None:
    """An onset from its plain JSON values; None for a finding without one."""
    if record is None:
        return None
    days = {name: _read_day(record[name]) for name in ("day", "earliest", "latest")}
    by_day = tuple(DayValue(date.fromisoformat(day), rows, value) for day, rows, value in record["by_day"])
    return Onset(**{**record, **days, "kind": OnsetKind(record["kind"]), "by_day": by_day})


def _name(day: date) -> str:
    return f"{day.day} {day:%B}"


def _write_day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _read_day(day: str | None) -> date | None:
    return None if day is None else date.fromisoformat(day)
