"""Table: the records of a run as Markdown, and what they say about the goals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.scenarios import MATERIAL
from tasks.core.findings import Question

Records = Sequence[dict[str, Any]]

EASY = (
    "loan amount x1.25",
    "credit score -20",
    "long-term share +12",
    "new purpose 5%",
    "debt x12 on 10%",
    "approval rate -8",
    "10% flips",
    "20% flips",
    "open credit permuted",
    "sentinel gone",
)


@dataclass(frozen=True)
class Goal:
    """A figure and its bound; `measure` gives None where the run has no record of it."""

    figure: str
    measure: Callable[[Records], float | None]
    bound: float
    at_least: bool = False

    def is_met(self, value: float) -> bool:
        """Whether the value keeps the bound."""
        return value >= self.bound if self.at_least else value <= self.bound


def _choose(records: Records, names: Sequence[str], rows: int) -> Records:
    return [record for record in records if record["rows"] == rows and {record["scenario"], record["group"]} & {*names}]


def _share(count: str, names: Sequence[str], rows: int) -> Callable[[Records], float | None]:
    """The count of all these scenarios (or groups) together, by their repeats."""

    def measure(records: Records) -> float | None:
        chosen = _choose(records, names, rows)
        return sum(record[count] for record in chosen) / sum(r["repeats"] for r in chosen) if chosen else None

    return measure


def _worst(count: str, names: Sequence[str], rows: int) -> Callable[[Records], float | None]:
    """The lowest share among these scenarios."""
    return lambda records: min(
        (record[count] / record["repeats"] for record in _choose(records, names, rows)), default=None
    )


def _per_detection(count: str, names: Sequence[str], rows: int) -> Callable[[Records], float | None]:
    """The count by the detections, over these scenarios where a column is at fault."""

    def measure(records: Records) -> float | None:
        chosen = [record for record in _choose(records, names, rows) if record[count] is not None]
        detected = sum(record["detected"] for record in chosen)
        return sum(record[count] for record in chosen) / detected if detected else None

    return measure


def _total(count: str, names: Sequence[str], rows: int) -> Callable[[Records], float | None]:
    def measure(records: Records) -> float | None:
        chosen = _choose(records, names, rows)
        return float(sum(record[count] for record in chosen)) if chosen else None

    return measure


def _mean_right(rows: int) -> Callable[[Records], float | None]:
    """The mean over the 15 material scenarios and the two immaterial ones of the same size."""

    def measure(records: Records) -> float | None:
        chosen = _choose(records, ("material", "immaterial"), rows)
        return sum(record["right"] / record["repeats"] for record in chosen) / len(chosen) if chosen else None

    return measure


def _first(name: str, names: Sequence[str], rows: int) -> Callable[[Records], float | None]:
    return lambda records: next((r[name] for r in _choose(records, names, rows) if r[name] is not None), None)


DATA_CHANGES = tuple(scenario.name for scenario in MATERIAL if Question.DATA in scenario.required)
PURE_COVARIATE = ("long-term share +12", "no record +10")
GOALS = (
    Goal("null, 500 rows: any alarm", _share("alarms", ["null"], 500), 0.08),
    Goal("null, 1,000 rows: any alarm", _share("alarms", ["null"], 1_000), 0.03),
    Goal("null, 3,000 rows: any alarm", _share("alarms", ["null"], 3_000), 0.03),
    Goal("null, 100,000 rows: any alarm", _share("alarms", ["null"], 100_000), 0.02),
    Goal("immaterial, 100,000 rows: alarms of 32", _total("alarms", ["immaterial"], 100_000), 1),
    Goal("worst material detection, 3,000 rows", _worst("detected", ["material"], 3_000), 0.90, True),
    Goal("worst detection of the ten easy ones, 1,000 rows", _worst("detected", EASY, 1_000), 0.92, True),
    Goal("detection, no record, 1,000 rows", _worst("detected", ["no record +10"], 1_000), 0.80, True),
    Goal("detection, income x1.15, 1,000 rows", _worst("detected", ["income x1.15"], 1_000), 0.60, True),
    Goal("detection, missing income, 1,000 rows", _worst("detected", ["income missing +10"], 1_000), 0.60, True),
    Goal("detection, 5% flips, 1,000 rows", _worst("detected", ["5% flips"], 1_000), 0.50, True),
    Goal("detection, reversed effect, 1,000 rows", _worst("detected", ["reversed effect"], 1_000), 0.50, True),
    Goal("model drift on 5% flips, 1,000 rows", _worst("model", ["5% flips"], 1_000), 0.90, True),
    Goal("right kinds, mean of 17, 3,000 rows", _mean_right(3_000), 0.95, True),
    Goal("right kinds, mean of 17, 1,000 rows", _mean_right(1_000), 0.88, True),
    Goal("true column first, 3,000 rows", _per_detection("first_column_right", ["material"], 3_000), 0.95, True),
    Goal("true column first, 1,000 rows", _per_detection("first_column_right", ["material"], 1_000), 0.90, True),
    Goal("innocent columns per data alarm, 3,000 rows", _per_detection("innocents", DATA_CHANGES, 3_000), 0.2),
    Goal("innocent columns per data alarm, 1,000 rows", _per_detection("innocents", DATA_CHANGES, 1_000), 0.2),
    Goal("pure covariate shift called concept, 3,000 rows", _share("concept", PURE_COVARIATE, 3_000), 0.06),
    Goal("pure covariate shift called model, 3,000 rows", _share("model", PURE_COVARIATE, 3_000), 0.06),
    Goal("pure covariate shift called concept, 1,000 rows", _share("concept", PURE_COVARIATE, 1_000), 0.06),
    Goal("pure covariate shift called model, 1,000 rows", _share("model", PURE_COVARIATE, 1_000), 0.06),
    Goal("gradual drift found by the fourth window", _worst("detected", ["gradual window 4"], 1_000), 0.70, True),
    Goal("income x1.05, 3,000 rows: any alarm", _share("alarms", ["income x1.05"], 3_000), 0.20),
    Goal("two drifts at once, 3,000 rows: both kinds", _worst("detected", ["two drifts"], 3_000), 0.90, True),
    Goal("estimated AUC, mean absolute error, 3,000 rows", _first("estimate_error", ["no record -10"], 3_000), 0.0045),
    Goal("estimated AUC, mean absolute error, 100,000", _first("estimate_error", ["no record -10"], 100_000), 0.005),
    Goal("seconds of a decision, 3,000 rows", _first("seconds", ["null"], 3_000), 1.0),
    Goal("seconds of a decision, 100,000 rows", _first("seconds", ["null"], 100_000), 5.0),
)


def check_goals(records: Records) -> list[str]:
    """A line for each goal that loanwatch's records can answer: met or missed, the value, the bound."""
    ours, lines = [record for record in records if record["procedure"] == "loanwatch"], []
    for goal in GOALS:
        value = goal.measure(ours)
        if value is not None:
            word, bound = "met   " if goal.is_met(value) else "MISSED", "at least" if goal.at_least else "at most"
            lines.append(f"{word} {goal.figure}: {value:.3g} ({bound} {goal.bound:g})")
    return lines


def as_markdown(records: Records) -> str:
    """The goals with their values, and under them one row for each scenario, size and procedure."""
    head = ["scenario", "rows", "procedure", "repeats", "any alarm", "detected", "right", "first column right"]
    head += ["innocents", "data", "label", "concept", "model", "seconds"]
    lines = [f"- {line}" for line in check_goals(records)]
    lines += ["", f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return "\n".join(lines + [f"| {' | '.join(_as_cells(record))} |" for record in records])


def _as_cells(record: dict[str, Any]) -> list[str]:
    def divide(name: str, by: str = "repeats") -> str:
        return "–" if record[name] is None or not record[by] else f"{record[name] / record[by]:.2f}"

    shares = [divide("alarms"), divide("detected") if record["group"] not in ("null", "immaterial") else "–"]
    shares += [divide("right"), divide("first_column_right", "detected"), divide("innocents", "detected")]
    shares += [divide(name) for name in ("data", "label", "concept", "model")]
    identity = [record["scenario"], f"{record['rows']:,}", record["procedure"], str(record["repeats"])]
    return [*identity, *shares, f"{record['seconds']:.2f}"]
