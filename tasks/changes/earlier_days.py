"""Earlier days: since when is a change there that the window has begun with? The window before it may tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from tasks.changes.past_runs import PastRun
from tasks.core.findings import Finding, Verdict
from tasks.core.onset import OnsetKind
from tasks.core.scored_window import ScoredWindow, join_windows
from tasks.core.windows import Window
from tasks.drift.comparison import Comparison
from tasks.drift.onset import date_change
from tasks.job.job import Job
from tasks.models.ripening import read_ripe_rows
from tasks.models.scoring import score_by_fold
from tasks.registry.versions import Champion

# Days between two windows in which nobody has looked: with more of them the window before says nothing.
LONGEST_GAP = timedelta(days=7)


def date_with_earlier_days(
    job: Job, champion: Champion, comparison: Comparison, findings: Sequence[Finding], past: Sequence[PastRun]
) -> list[Finding]:
    """The findings, each alarm that the window may have begun with dated by the days of the window before as well.

    Its rows are read again from the lender's table and scored by the present champion. Where no earlier run has looked
    at that window, or its days do not tell either, the onset stays as it is.
    """
    waiting = [place for place, finding in enumerate(findings) if _is_undated(finding)]
    window = find_window_before(job.window, past) if waiting else None
    if window is None or any(window.overlaps(days) for days in champion.model.training_windows):
        return list(findings)
    rows = read_ripe_rows(job, champion, window)
    if not len(rows):
        return list(findings)
    scores = score_by_fold(champion.bundle.scorer, rows.applications, rows.keys)
    earlier = ScoredWindow(rows.applications, rows.labels, scores, rows.keys, days=rows.days, refused=rows.refused)
    joined = replace(comparison, observed=join_windows(earlier, comparison.observed))
    return [redate(finding, joined) if place in waiting else finding for place, finding in enumerate(findings)]


def find_window_before(window: Window, past: Sequence[PastRun]) -> Window | None:
    """The latest earlier window that a run has looked at, if it ends just before this one."""
    ended = [run.window for run in past if run.window.end < window.start]
    latest = max(ended, key=lambda days: (days.end, days.days), default=None)
    return latest if latest and window.start - latest.end <= LONGEST_GAP else None


def redate(finding: Finding, joined: Comparison) -> Finding:
    """The finding with the onset that both windows' days tell, if it is a step; else as it is.

    Parameters
    ----------
    finding : Finding
        With an onset.
    joined : Comparison
        The same reference, with the days of the window before and of this one.
    """
    old = finding.onset
    seen = finding.sentence.replace(f" {old.sentence}", "", 1) if old else finding.sentence
    dated = date_change(replace(finding, onset=None, sentence=seen), joined)
    return dated if dated.onset is not None and dated.onset.kind is OnsetKind.STEP else finding


def _is_undated(finding: Finding) -> bool:
    """Whether an alarm may have begun before the window. A further step of a known change is not looked for there."""
    begun = finding.onset is not None and finding.onset.kind is OnsetKind.BEFORE
    return finding.verdict is Verdict.FAIL and begun and finding.answer is None
