"""Self-check: what the splits of a champion's reference have shown, as one record and in a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tasks.core.findings import DRIFT_QUESTIONS
from tasks.core.policy import MonitorPolicy
from tasks.core.self_check import Alarms, CheckAlarms, Detectable, OwnLimit, SelfCheck
from tasks.core.wording import AUC
from tasks.drift.own_limits import apply_own_limits, choose_own_limits, list_subjects
from tasks.monitor_check.own_splits import Split
from tasks.monitor_check.report import compute_budget, find_interval
from tasks.monitor_check.tallies import Key, find_own_limits, list_alarms
from tasks.monitor_check.wording import write_sentence


@dataclass(frozen=True, eq=False)
class Splits:
    """The splits of a reference, and the policy that they were judged by."""

    made: Sequence[Split]
    policy: MonitorPolicy

    @cached_property
    def raised(self) -> list[set[Key]]:
        """The checks that raised an alarm, split by split."""
        return [list_alarms(split.findings) for split in self.made]

    @cached_property
    def own_limits(self) -> tuple[OwnLimit, ...]:
        """The limits to be raised."""
        return find_own_limits(self.made, self.policy.self_check.level)

    @cached_property
    def left(self) -> int:
        """In how many splits an alarm is left where the own limits count."""
        judged = (apply_own_limits(split.findings, self.own_limits, split.window_rows) for split in self.made)
        return sum(bool(list_alarms(findings)) for findings in judged)


def summarise_splits(version: int, splits: Splits, seconds: float) -> SelfCheck:
    """The record of a version's self-check. Without splits its sentence says that the reference has too few rows."""
    made, raised = splits.made, splits.raised
    alarms, budget = sum(map(bool, raised)), compute_budget(splits.policy.drift)
    by_check = Counter(key for keys in raised for key in sorted(keys))
    record = SelfCheck(
        version=version,
        splits=len(made),
        alarms=alarms,
        interval=find_interval(alarms, len(made)),
        budget=budget,
        is_within_budget=find_interval(splits.left, len(made))[0] <= budget,
        by_split=_count_by_split(splits),
        by_question=_count_by_question(raised),
        by_check=tuple(CheckAlarms(**key._asdict(), alarms=count) for key, count in by_check.most_common()),
        detectable=find_detectable(splits),
        own_limits=splits.own_limits,
        reference_rows=_average([split.reference_rows for split in made]),
        window_rows=_average([split.window_rows for split in made]),
        seconds=round(seconds, 1),
        sentence="",
    )
    return record.model_copy(update={"sentence": write_sentence(record)})


def find_detectable(splits: Splits) -> tuple[Detectable, ...]:
    """By check, the largest of its columns' smallest detectable changes, each being the median over the splits."""
    changes: dict[tuple[str, str, str], dict[str, list[float]]] = {}
    for finding in (finding for split in splits.made for finding in split.findings):
        if finding.smallest_detectable is not None and not choose_own_limits(finding, splits.own_limits):
            columns = changes.setdefault((str(finding.question), finding.check, finding.unit), {})
            for column in list_subjects(finding):
                columns.setdefault(column, []).append(finding.smallest_detectable)
    return tuple(_find_largest(*key, columns) for key, columns in changes.items())


def _find_largest(question: str, check: str, unit: str, columns: dict[str, list[float]]) -> Detectable:
    medians = {column: float(np.median(values)) for column, values in columns.items()}
    hidden = tuple(column for column, change in medians.items() if unit != AUC and change >= 1)
    found = [change for column, change in medians.items() if column not in hidden]
    return Detectable(question=question, check=check, unit=unit, change=max(found) if found else None, columns=hidden)


def _count_by_split(splits: Splits) -> dict[str, Alarms]:
    """The alarms by what was kept together."""
    kept = {split.kept: [bool(r) for s, r in zip(splits.made, splits.raised, strict=True) if s.kept == split.kept]
            for split in splits.made}  # fmt: skip
    return {name: Alarms(alarms=sum(alarms), splits=len(alarms)) for name, alarms in kept.items()}


def _count_by_question(raised: Sequence[set[Key]]) -> dict[str, int]:
    return {str(asked): sum(any(key.question == asked for key in keys) for keys in raised) for asked in DRIFT_QUESTIONS}


def _average(rows: Sequence[int]) -> int:
    return round(float(np.mean(rows))) if rows else 0
