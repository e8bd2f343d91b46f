"""Goals: the figures that the records must keep, each with its interval."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.lenders.changes import LEAKS_ONLY, NOTHING
from benchmarks.lenders.records import ERROR
from tasks.monitor_check.report import find_interval

Records = Sequence[dict[str, Any]]
Test = Callable[[dict[str, Any]], bool]

# What a change of two limits must be found in, where it can be seen.
CERTAIN_KINDS = ("column moved", "values gone", "rate moved", "labels flipped", "effect reversed")
# A kind of lender with fewer windows than this has an interval too wide for a goal.
LEAST_WINDOWS = 30
_FALSE_BY_LABELS = {"label", "concept", "model"}


@dataclass(frozen=True)
class Share:
    """A count of some windows, and the bound of its share; `upper` is one of the interval's upper end."""

    figure: str
    hits: int
    tries: int
    bound: float
    at_least: bool = False
    upper: float | None = None

    @property
    def value(self) -> float:
        """The share."""
        return self.hits / self.tries

    @property
    def is_met(self) -> bool:
        """Whether the share, and the interval's upper end where there is a bound for it, keep their bounds."""
        if self.at_least:
            return self.value >= self.bound
        return self.value <= self.bound and (
            self.upper is None or find_interval(self.hits, self.tries)[1] <= self.upper
        )

    def __str__(self) -> str:
        """The line of a goal."""
        low, high = find_interval(self.hits, self.tries)
        word = "met   " if self.is_met else "MISSED"
        bound = f"{'at least' if self.at_least else 'at most'} {self.bound:.0%}"
        upper = f", interval up to {self.upper:.0%}" if self.upper is not None else ""
        found = f"{self.hits} of {self.tries}, {self.value:.1%} [{low:.1%}, {high:.1%}]"
        return f"{word} {self.figure}: {found} ({bound}{upper})"


def has_verdict(record: dict[str, Any]) -> bool:
    """Whether the run ended without an error."""
    return not record["verdict"].startswith(ERROR)


def list_goals(records: Records) -> list[Share]:
    """Every goal that the records can answer."""
    return [share for share in _list_all(records) if share.tries]


def _list_all(records: Records) -> Iterator[Share]:
    nulls = [record for record in records if record["change"] == NOTHING]
    yield from _list_random([record for record in nulls if record["group"] == "random"])
    ripening = _choose(nulls, "ripening")
    yield _count("unripe days: false label, concept or model alarm", ripening, _is_false_by_labels, 0.03)
    yield _count("unripe days: promoted", ripening, lambda record: record["promoted"], 0.0)
    customers = _choose(nulls, "customers")
    for case in dict.fromkeys(record["case"] for record in customers):
        chosen = [record for record in customers if record["case"] == case]
        yield _count(f"customers, {case}: any alarm", chosen, _is_alarmed, 0.03)
    yield from _list_leaks([record for record in records if record["change"] in (NOTHING, LEAKS_ONLY)])
    yield from _list_power(records)


def _list_leaks(nulls: Records) -> Iterator[Share]:
    """Suspected where there are none, and found where they are planted."""
    random = _choose(nulls, "random")
    yield _count("random lenders: a leak suspected", random, _is_suspicious, 0.02)
    plain = [record for record in _choose(nulls, "leaks") if not record["leak_planted"]]
    for case in dict.fromkeys(record["case"] for record in plain):
        chosen = [record for record in plain if record["case"] == case]
        yield _count(f"{case}: a leak suspected", chosen, _is_suspicious, 0.01)
    planted = [record for record in nulls if record["leak_column"]]
    for kind in dict.fromkeys(record["leak_planted"] for record in planted):
        chosen = [record for record in planted if record["leak_planted"] == kind]
        yield _count(f"leak planted ({kind}): found", chosen, _is_leak_found, 0.95, at_least=True)


def _list_random(nulls: Records) -> Iterator[Share]:
    """Random lenders in which nothing changes: alarms in all and by kind, and runs without a verdict."""
    yield _count("random lenders, nothing changes: any alarm", nulls, _is_alarmed, 0.03, upper=0.05)
    for kind in sorted({kind for record in nulls for kind in record["kind"]}):
        chosen = [record for record in nulls if kind in record["kind"] and has_verdict(record)]
        if len(chosen) >= LEAST_WINDOWS:
            yield _count(f"of these, {kind}: any alarm", chosen, _is_alarmed, 0.06)
    yield _count("random lenders: promoted", nulls, lambda record: record["promoted"], 0.0)
    wordless = sum(not has_verdict(record) for record in nulls)
    yield Share("random lenders: no verdict", wordless, len(nulls), 0.0)


def _list_power(records: Records) -> Iterator[Share]:
    for group in ("power", "random"):
        chosen = [record for record in _choose(records, group) if record["size"] == 2.0 and record["visible"]]
        for change in CERTAIN_KINDS:
            changed = [record for record in chosen if record["change"] == change]
            yield _count(f"{group}: {change} by two limits, visible: found", changed, _is_found, 0.95, at_least=True)
    rare = [record for record in _choose(records, "rare") if record["change"] != NOTHING]
    yield _count("rate of 1.2 % to 3.0 %: found", rare, _is_found, 0.95, at_least=True)


def _count(
    figure: str, records: Records, test: Test, bound: float, *, at_least: bool = False, upper: float | None = None
) -> Share:
    """Among the windows with a verdict."""
    judged = [record for record in records if has_verdict(record)]
    return Share(figure, sum(map(test, judged)), len(judged), bound, at_least, upper)


def _choose(records: Records, group: str) -> Records:
    return [record for record in records if record["group"] == group]


def _is_alarmed(record: dict[str, Any]) -> bool:
    return bool(record["alarms"])


def _is_false_by_labels(record: dict[str, Any]) -> bool:
    return bool(_FALSE_BY_LABELS & set(record["alarms"]))


def _is_suspicious(record: dict[str, Any]) -> bool:
    return bool(record["leaks"])


def _is_leak_found(record: dict[str, Any]) -> bool:
    return record["leak_column"] in record["leaks"]


def _is_found(record: dict[str, Any]) -> bool:
    return bool(record["found"])
