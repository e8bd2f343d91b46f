"""Known changes: what earlier runs have answered and still exceeds its limit, a row for each cause."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.core.causes import read_causes
from tasks.core.findings import Verdict
from tasks.reports.page.wording import Record, find_positive, format_effect


@dataclass(frozen=True)
class KnownChange:
    """A known change: its name, since when, its size beside its limit, and what was done about it by which run."""

    name: str
    since: str
    effect: str
    limit: str
    how: str
    job_id: str


def list_known(summary: Record) -> list[KnownChange]:
    """The known changes of a run, each cause once, those known longest first."""
    positive, changes = find_positive(summary), []
    for cause in read_causes(summary["findings"]):
        answer = cause.answer
        if cause.verdict is Verdict.KNOWN and answer is not None:
            finding = next(one for one in cause.findings if one.answer == answer)
            effect, limit = (format_effect(value, finding.unit, "points") for value in (finding.effect, finding.limit))
            changes.append(KnownChange(cause.name(positive), answer.since, effect, limit, answer.how, answer.job_id))
    return sorted(changes, key=lambda change: change.since)
