"""Concept drift: has the rule changed, P(y given x)?

Asked twice under one error budget: is the share of the positive decision still the same at an equal score; and has
the effect of a single column on it changed beside the score?
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from tasks.core.arrays import Integers
from tasks.core.findings import Finding, Question, Verdict, is_sure
from tasks.core.policy import DriftPolicy
from tasks.core.positive import Positive
from tasks.core.wording import join_list
from tasks.drift.comparison import Comparison
from tasks.drift.judgement import MOST_NAMED, Draft, judge_family, report_no_data
from tasks.drift.residuals import compare_groups, group_rows
from tasks.drift.score_curve import Labelled, ScoreCurve, standard_error_of
from tasks.profile.bins import Bins
from tasks.statistics.power import smallest_change, smallest_spread

CHANCE = "chance at an equal score"
BY_SCORE, BY_COLUMN = "score_curve", "by_column"


def measure_concept_drift(comparison: Comparison) -> list[Finding]:
    """The findings of the concept question.

    Parameters
    ----------
    comparison : Comparison
        The window and the reference, with the limits.

    Returns
    -------
    list of Finding
        One for the score curve and one for each column that can be compared, the gravest first.

    Notes
    -----
    Half of the error budget is the score curve's: as one of twenty tests it would miss what it alone can detect.
    """
    profile, rows, policy = comparison.profile, comparison.labelled, comparison.policy
    unanswered = explain_no_answer(rows, policy, comparison.observed.note)
    if unanswered:
        verdict, reason = unanswered
        return [report_no_data(Question.CONCEPT, BY_SCORE, f"Concept drift: {reason}", verdict)]
    curve, codes = comparison.curve, comparison.codes
    drafts = []
    for place, bins in enumerate(profile.columns):
        grouped = group_rows(bins, profile.codes[rows.reference_rows, place], codes[rows.window_rows, place])
        draft = _compare_by_column(comparison, bins, grouped)
        drafts += [draft] if draft is not None else []
    # Half of the budget is the score curve's: as one of twenty it would miss what it alone can see.
    by_score = replace(_compare_curves(curve, policy, comparison.positive), weight=float(max(len(drafts), 1)))
    return _name_columns(judge_family([by_score, *drafts], policy.concept_level))


def _name_columns(findings: list[Finding]) -> list[Finding]:
    """The columns whose effect changed significantly, be it by little, named where the score curve fails."""
    significant = [finding for finding in findings if finding.check == BY_COLUMN and is_sure(finding)]
    significant.sort(key=lambda finding: -(finding.effect or 0.0))
    names = tuple(finding.subject for finding in significant[:MOST_NAMED])
    if not names:
        return findings

    def name(finding: Finding) -> Finding:
        if finding.check != BY_SCORE or finding.verdict is not Verdict.FAIL:
            return finding
        return replace(finding, columns=names, sentence=f"{finding.sentence} Most affected: {join_list(names)}.")

    return [name(finding) for finding in findings]


def explain_no_answer(rows: Labelled, policy: DriftPolicy, note: str = "") -> tuple[Verdict, str] | None:
    """Why questions about the labels cannot be answered.

    Parameters
    ----------
    rows : Labelled
        The labelled rows of both windows.
    policy : DriftPolicy
        The fewest rows that each window needs, in all and of each label.
    note : str
        What is to be said of decisions that are still coming in.

    Returns
    -------
    tuple of Verdict and str, or None
        The verdict and the reason; None where the questions can be answered.
    """
    minimum_rows, minimum_of_each = policy.minimum_rows, policy.minimum_of_each
    n, m = len(rows.reference_rows), len(rows.window_rows)
    if not m and rows.unscored:
        reason = f"none of the window's {rows.unscored:,} decided applications has a score to be judged by."
        return Verdict.NOT_ENOUGH_DATA, f"{reason} {note}".strip()
    if not m:
        return Verdict.NOT_RUN, f"no decision of the window counts yet. {note}".strip()
    if min(n, m) < minimum_rows:
        return (
            Verdict.NOT_ENOUGH_DATA,
            f"{m:,} applications of the window and {n:,} of the reference are decided"
            f"{' and scored' if rows.unscored else ''}; at least {minimum_rows:,} of each are needed. {note}".strip(),
        )
    if not rows.has_both_labels:
        return Verdict.NOT_ENOUGH_DATA, "the decisions of the window or of the reference are all the same."
    fewest = rows.fewest_of_each
    if fewest < minimum_of_each:
        return (
            Verdict.NOT_ENOUGH_DATA,
            f"the window or the reference holds only {fewest:,} of one of the two decisions; at least "
            f"{minimum_of_each:,} are needed. {note}".strip(),
        )
    return None


def _compare_curves(curve: ScoreCurve, policy: DriftPolicy, positive: Positive) -> Draft:
    """The mean change of the share of the positive decision at an equal score, over the window's applicants."""
    current = curve.rows.is_current == 1
    change = (curve.now - curve.before)[current]
    slopes = (curve.slope_now - curve.slope_before)[current]
    error = standard_error_of(np.sign(change) @ slopes / len(change), curve.fit)
    effect = float(np.mean(np.abs(change)))
    finding = Finding(
        Question.CONCEPT,
        BY_SCORE,
        Verdict.PASS,
        "",
        effect=effect,
        unit=CHANCE,
        standard_error=error,
        limit=policy.fit_limit(policy.concept_limit, curve.rate),
        p_value=curve.p_value,
        reference=float(np.mean(curve.before[current])),
        current=float(np.mean(curve.now[current])),
    )
    seen = (
        f"At an equal score, the {positive.share} in the window differs by {100 * effect:.1f} points on average from "
        "that in the reference."
    )
    return Draft(finding, seen, partial(smallest_change, error, freedom=2))


def _compare_by_column(comparison: Comparison, bins: Bins, grouped: tuple[Integers, Integers]) -> Draft | None:
    """The residuals of the score curves, compared between the windows by the values of a column."""
    policy, left = comparison.policy, compare_groups(comparison.curve, np.concatenate(grouped))
    if left is None:
        return None
    finding = Finding(
        Question.CONCEPT,
        BY_COLUMN,
        Verdict.PASS,
        "",
        bins.name,
        effect=left.effect,
        unit=CHANCE,
        limit=policy.fit_limit(policy.concept_column_limit, comparison.curve.rate),
        p_value=left.p_value,
    )
    seen = (
        f"{bins.name}: at an equal score, its effect on the {comparison.positive.share} has changed by "
        f"{100 * left.effect:.1f} points ({len(left.changes)} groups of values)."
    )
    return Draft(finding, seen, partial(smallest_spread, left.variances, left.freedom))
