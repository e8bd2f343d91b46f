"""Table: the records of a run, a row for each scenario and policy."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import mean, median
from typing import Any

from benchmarks.life.oracle import Oracle

Records = Sequence[dict[str, Any]]
HEAD = (
    "scenario",
    "policy",
    "lives",
    "false alarms a year",
    "years with one",
    "alarmed runs (most)",
    "days to the first",
    "promotions",
    "AUC lost",
)


def as_markdown(records: Records) -> str:
    """One row for each scenario and policy, in the order in which they first occur."""
    lines = [f"| {' | '.join(HEAD)} |", f"|{'---|' * len(HEAD)}"]
    keys = dict.fromkeys((record["scenario"], record["policy"]) for record in records)
    for scenario, policy in keys:
        chosen = [one for one in records if (one["scenario"], one["policy"]) == (scenario, policy)]
        lines.append(f"| {' | '.join(_as_cells(scenario, policy, chosen))} |")
    return "\n".join(lines)


def share_of_years(records: Records) -> float:
    """The share of years that hold a false alarm, from the lives that hold one and their quiet years.

    Where alarms come at a constant rate, a life of *y* years is without one with the chance of a year, to the power
    of *y*.
    """
    years = mean(record["quiet_years"] for record in records)
    quiet = sum(not record["false_alarms"] for record in records) / len(records)
    return 1.0 if quiet == 0 else 1 - math.exp(math.log(quiet) / years)


def _as_cells(scenario: str, policy: str, records: Records) -> list[str]:
    is_watched = bool(records[0]["changes"]) and policy != Oracle.name
    runs = [record["alarmed_runs"] for record in records]
    return [
        scenario,
        policy,
        str(len(records)),
        _average(records, "false_alarms", "{:.2f}".format),
        f"{share_of_years(records):.2f}",
        f"{mean(runs):.1f} ({max(runs)})" if is_watched else "–",
        _tell_delay(records) if is_watched else "–",
        _average(records, "promotions", "{:.1f}".format),
        _average(records, "auc_lost", "{:.4f}".format),
    ]


def _tell_delay(records: Records) -> str:
    """The median over the lives in which there was an alarm, and in how many there was none."""
    delays = [record["delay_days"] for record in records if record["delay_days"] is not None]
    if not delays:
        return "never"
    missed = len(records) - len(delays)
    return f"{median(delays):g}" + (f", never in {missed}" if missed else "")


def _average(records: Records, name: str, show: Callable[[float], str]) -> str:
    return show(mean(record[name] for record in records))
