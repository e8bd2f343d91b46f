"""Recall: which of a run's alarms repeat a change that an earlier run has answered?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from blocks.postgres.connect import connect
from tasks.changes.earlier_days import date_with_earlier_days
from tasks.changes.levels import find_levels, mark_known
from tasks.changes.past_runs import read_past_runs
from tasks.changes.regime import Regime, find_regime
from tasks.contract.contract import Contract
from tasks.core.findings import Finding, Verdict
from tasks.core.scored_window import ScoredWindow
from tasks.core.windows import Window
from tasks.drift.check import measure_drift
from tasks.drift.comparison import Comparison
from tasks.drift.model import measure_model_drift
from tasks.drift.own_limits import apply_own_limits
from tasks.job.job import Job
from tasks.job.stage import stage
from tasks.models.ripening import read_ripe_rows
from tasks.models.scoring import score_by_fold
from tasks.profile.profile import fit_profile
from tasks.registry.versions import Champion


def _describe(recalled: tuple[list[Finding], Regime]) -> str:
    known, new = (sum(f.verdict is verdict for f in recalled[0]) for verdict in (Verdict.KNOWN, Verdict.FAIL))
    return f"{known} known, {new} new"


@stage("known_changes", _describe)
def recall_changes(
    job: Job, champion: Champion, comparison: Comparison, findings: Sequence[Finding]
) -> tuple[list[Finding], Regime]:
    """The findings, each alarm held against the level of the change that an earlier run has answered; and the regime.

    A level's rows are read again from the lender's table and scored by the present champion; where they are gone the
    alarm stands.
    """
    with connect(job.database).connect() as connection:
        past = read_past_runs(connection, job, champion)
    levels = find_levels(findings, past, job.window, len(comparison.observed.labels))
    days = {window for chosen in levels.values() for level in chosen for window in level.windows}
    compared = {window: compare_with_level(job, champion, comparison, window) for window in days}
    known = {window: found for window, found in compared.items() if found is not None}
    marked = date_with_earlier_days(job, champion, comparison, mark_known(findings, levels, known), past)
    regime = find_regime(job.window, champion.model, marked, past, job.policy)
    # A replay may promote nothing: only an alarm is worth a challenger.
    return marked, replace(regime, retry="") if champion.is_replay else regime


def compare_with_level(job: Job, champion: Champion, comparison: Comparison, window: Window) -> list[Finding] | None:
    """The drift questions about the present window, asked against the days of a level.

    Days that windows share were judged with the level; only later ones can go further. None where they are too few.
    """
    present = comparison.observed.in_full
    observed = keep_later(present, window)
    if len(observed.labels) < job.policy.drift.minimum_rows and len(observed.labels) < len(present.labels):
        return None
    rows = read_ripe_rows(job, champion, window)
    if len(rows) < job.policy.drift.minimum_rows:
        return []
    scores = score_by_fold(champion.bundle.scorer, rows.applications, rows.keys)
    level = ScoredWindow(rows.applications, rows.labels, scores, rows.keys, days=rows.days, refused=rows.refused)
    return ask_against(comparison, job.contract, level, observed)


def ask_against(
    comparison: Comparison, contract: Contract, level: ScoredWindow, observed: ScoredWindow
) -> list[Finding]:
    """All drift questions with a level in the place of the champion's reference, with the same limits.

    Parameters
    ----------
    comparison : Comparison
        With the champion's reference.
    contract : Contract
        Which columns are features.
    level : ScoredWindow
        The rows of the level, scored out of sample by the champion.
    observed : ScoredWindow
        The present window's rows.

    Returns
    -------
    list of Finding
        As the champion's own limits allow.
    """
    profile = fit_profile(contract, level, origin="holdout", seed=comparison.policy.seed)
    against = Comparison(profile, observed, comparison.policy, comparison.own_limits, comparison.positive)
    findings = [*measure_drift(against), *measure_model_drift(against)]
    return apply_own_limits(findings, against.own_limits, len(observed.labels))


def keep_later(observed: ScoredWindow, days: Window) -> ScoredWindow:
    """The rows of a window after some days; all of them where its days are not known."""
    if observed.days is None:
        return observed
    kept = observed.days > np.datetime64(days.end, "D")
    return observed if kept.all() else observed.take(kept)
