"""Past runs: what earlier runs found of a contract's windows, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from tasks.core.findings import DRIFT_QUESTIONS, Finding, Outcome, Question, Verdict, find_gravest, read_finding
from tasks.core.onset import OnsetKind
from tasks.core.windows import Window
from tasks.job.job import Job
from tasks.schema.queries import read_query

if TYPE_CHECKING:  # the history tells of answers, and needs no model
    from tasks.registry.versions import Champion

# Enough for the latest answer of every question; what was answered before is repeated by the findings themselves.
RUNS_LOOKED_AT = 60
ANSWERING = (Outcome.KEPT, Outcome.PROMOTED)
CHANGED = (Verdict.FAIL, Verdict.KNOWN)
ACCEPT, REOPEN, SEEN = "accept", "reopen", "seen"
MEASURED = (Verdict.PASS, Verdict.WARN, Verdict.KNOWN, Verdict.FAIL)


def name_families(finding: Finding) -> tuple[str, ...]:
    """What a finding's change is a change of: its columns, all applicants together, or the question.

    Examples
    --------
    >>> name_families(Finding(Question.DATA, "distribution", Verdict.FAIL, "", "income"))
    ('data/income',)
    >>> name_families(Finding(Question.CONCEPT, "by_column", Verdict.FAIL, "", "income"))
    ('concept',)
    """
    if finding.question is not Question.DATA:
        return (str(finding.question),)
    if finding.check == "joint_shape":
        return (str(Question.DATA),)
    return tuple(f"data/{column}" for column in ([finding.subject] if finding.subject else finding.columns))


def find_first_day(findings: Iterable[Finding], window: Window) -> date:
    """The first day in the window of the changes that were found, as far as its days tell; else its own first day."""
    dated = [f.onset for f in findings if f.verdict is Verdict.FAIL and f.onset is not None]
    first = min((onset.day for onset in dated if onset.kind is OnsetKind.STEP and onset.day), default=window.start)
    return max(first, window.start)


@dataclass(frozen=True)
class Settlement:
    """What a person has said of a change that a run found: `accept` or `reopen`, who and why."""

    action: str
    who: str
    why: str


@dataclass(frozen=True)
class PastRun:
    """A completed run that could answer what it found.

    Parameters
    ----------
    job_id, window, outcome
        The run.
    findings
        All of its findings.
    version
        The version that it put into production, if any.
    settlements
        What persons have said of its changes, by family; the latest counts.
    """

    job_id: str
    window: Window
    outcome: Outcome
    findings: tuple[Finding, ...]
    version: int | None = None
    settlements: Mapping[str, Settlement] = field(default_factory=dict)

    @property
    def has_answered(self) -> bool:
        """Whether the run has acted on what it found: it has kept or replaced the champion."""
        return self.outcome in ANSWERING

    @cached_property
    def is_quiet(self) -> bool:
        """Whether the run has judged its window, and found nothing that was not known."""
        is_judged = self.outcome in (Outcome.STABLE, *ANSWERING)
        return is_judged and not any(f.verdict is Verdict.FAIL and f.question in DRIFT_QUESTIONS for f in self.findings)

    @property
    def how(self) -> str:
        """What was done, as the end of a sentence."""
        return f"version {self.version} was promoted" if self.version else "the champion was kept"

    @cached_property
    def verdicts(self) -> dict[str, Verdict]:
        """The gravest verdict of each family that was measured."""
        return {family: find_gravest(f.verdict for f in self.list_findings(family)) for family in self._by_family}

    @cached_property
    def _measured(self) -> list[Finding]:
        return [f for f in self.findings if f.verdict in MEASURED and f.effect is not None]

    @cached_property
    def _by_family(self) -> dict[str, list[Finding]]:
        groups: dict[str, list[Finding]] = {}
        for finding in self._measured:
            for family in name_families(finding):
                groups.setdefault(family, []).append(finding)
        return groups

    def list_findings(self, family: str) -> list[Finding]:
        """The measured findings of a family; of all applicants together (`data`), also the alarms of columns."""
        found = self._by_family.get(family, [])
        if family != Question.DATA:
            return found
        columns = (f for f in self._measured if f.question is Question.DATA and f.check != "joint_shape")
        return [*found, *(finding for finding in columns if finding.verdict in CHANGED)]

    def is_reopened(self, family: str) -> bool:
        """Whether a person has opened the change of that family again."""
        said = self.settlements.get(family)
        return said is not None and said.action == REOPEN


def read_past_runs(connection: Connection, job: Job, champion: Champion) -> list[PastRun]:
    """The runs over earlier windows that were judged by this champion, and the run that promoted it.

    Parameters
    ----------
    connection : Connection
        To our tables.
    job : Job
        The present run. Only windows that end before its own are read, so that a replay knows what was known then.
    champion : Champion
        Findings against another reference cannot be compared.

    Returns
    -------
    list of PastRun
        The latest window first; of several runs over one window the last. Replays are left out: they answer nothing.
    """
    asked: dict[str, Any] = {
        "contract": job.contract.name,
        "window_end": job.window.end,
        "version": champion.model.version,
        # What that run found is its champion's reference now, where this begins with the change.
        "trained_by": champion.model.job_id if champion.model.reference_since is None else "",
        "runs": RUNS_LOOKED_AT,
    }
    rows = connection.execute(read_query("changes/past_runs"), asked).all()
    said = connection.execute(read_query("changes/settlements"), {"contract": job.contract.name}).all()
    return [_read_run(list(group), said) for _, group in groupby(rows, key=lambda row: row.job_id)]


def _read_run(rows: Sequence[Any], said: Sequence[Any]) -> PastRun:
    first = rows[0]
    settlements = {row.family: Settlement(row.action, row.who, row.why) for row in said if row.job_id == first.job_id}
    return PastRun(
        first.job_id,
        Window(first.window_start, first.window_end),
        Outcome(first.outcome),
        tuple(read_finding(row.details) for row in rows if row.details is not None),
        first.promoted,
        settlements,
    )
