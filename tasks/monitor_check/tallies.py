"""Tallies: how often each check raised an alarm in splits without a change, and whether that is more than chance.

Where it is, the check's limit is raised to the largest change that it has shown in any of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import scipy

from tasks.core.findings import Finding, Verdict
from tasks.core.self_check import OwnLimit
from tasks.drift.own_limits import list_subjects
from tasks.monitor_check.own_splits import Split


class Key(NamedTuple):
    """A check of a column; without a column, of the whole window or of all columns."""

    question: str
    check: str
    column: str


@dataclass
class Tally:
    """Of one check: in which splits it raised an alarm, its largest effect, and the level that it had at most."""

    unit: str
    alarms: set[int] = field(default_factory=set)
    largest: float = 0.0
    level: float = 0.0

    def add(self, split: int, finding: Finding, level: float) -> None:
        """Count one finding of a split."""
        if finding.verdict is Verdict.FAIL:
            self.alarms.add(split)
        self.largest = max(self.largest, finding.effect or 0.0)
        self.level = max(self.level, level)


def find_own_limits(splits: Sequence[Split], level: float) -> tuple[OwnLimit, ...]:
    """The limits to be raised: of columns, then of checks that alarm too often over all other columns.

    `level` is shared by all tests: half of it by those of columns, of which there are many, half by those of checks.
    """
    columns = tally_columns(splits)
    exceeding = [key for key in columns if _is_exceeding(columns[key], len(splits), level / 2 / len(columns))]
    checks = tally_checks(splits, set(exceeding))
    exceeding += [key for key in checks if _is_exceeding(checks[key], len(splits), level / 2 / len(checks))]
    tallies = columns | checks
    rows = round(float(np.mean([split.window_rows for split in splits]))) if splits else 0
    return tuple(
        OwnLimit(
            **key._asdict(),
            limit=tallies[key].largest,
            unit=tallies[key].unit,
            alarms=len(tallies[key].alarms),
            splits=len(splits),
            rows=rows,
        )
        for key in exceeding
    )


def tally_columns(splits: Sequence[Split]) -> dict[Key, Tally]:
    """Each check of a column, with its share of the level that all columns of a question have together."""
    tallies: dict[Key, Tally] = {}
    for number, findings in enumerate(_list_tested(splits)):
        sharing = Counter((finding.question, finding.level) for finding in findings if is_of_columns(finding))
        for finding in filter(is_of_columns, findings):
            level = (finding.level or 0.0) / sharing[finding.question, finding.level]
            for column in list_subjects(finding):
                key = Key(str(finding.question), finding.check, column)
                tallies.setdefault(key, Tally(finding.unit)).add(number, finding, level)
    return tallies


def tally_checks(splits: Sequence[Split], known: Iterable[Key]) -> dict[Key, Tally]:
    """Each check as a whole, without the columns that are known to alarm too often."""
    tallies: dict[Key, Tally] = {}
    known = set(known)
    for number, findings in enumerate(_list_tested(splits)):
        for finding in findings:
            keys = {Key(str(finding.question), finding.check, column) for column in list_subjects(finding)}
            if not keys <= known:
                key = Key(str(finding.question), finding.check, "")
                tallies.setdefault(key, Tally(finding.unit)).add(number, finding, finding.level or 0.0)
    return tallies


def list_alarms(findings: Iterable[Finding]) -> set[Key]:
    """The checks of a split that raised an alarm, with their columns."""
    return {
        Key(str(finding.question), finding.check, column)
        for finding in findings
        if finding.verdict is Verdict.FAIL
        for column in list_subjects(finding)
    }


def is_of_columns(finding: Finding) -> bool:
    """Whether a finding is about single columns, not about the whole window."""
    return bool(finding.subject) or finding.check == "missing"


def _list_tested(splits: Sequence[Split]) -> list[list[Finding]]:
    return [[finding for finding in split.findings if finding.p_value is not None] for split in splits]


def _is_exceeding(tally: Tally, splits: int, level: float) -> bool:
    """Whether a check that errs as often as it may would rarely raise so many alarms."""
    return bool(scipy.stats.binom.sf(len(tally.alarms) - 1, splits, tally.level) <= level)
