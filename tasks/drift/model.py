"""Model drift: is the model worse than it was on its reference?

By its ranking (AUC) and its calibration on applications that have been decided; and, where decisions are still
missing, by the AUC to be expected if the rule has not changed.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import scipy

from tasks.core.arrays import Floats, Mask
from tasks.core.findings import Finding, Question, Verdict
from tasks.core.policy import DriftPolicy
from tasks.core.positive import UNNAMED, Positive
from tasks.core.wording import AUC
from tasks.drift.comparison import Comparison
from tasks.drift.concept import explain_no_answer
from tasks.drift.expected_auc import measure_estimated_auc
from tasks.drift.judgement import Draft, judge_family, report_no_data, say_rows
from tasks.drift.onset import date_changes
from tasks.drift.own_limits import apply_own_limits
from tasks.drift.score_curve import ScoreCurve, standard_error_of
from tasks.job.job import Job
from tasks.job.stage import stage
from tasks.statistics.counted_auc import Auc
from tasks.statistics.power import smallest_change

GAP = "calibration error"


def measure_model_drift(comparison: Comparison) -> list[Finding]:
    """The findings of the model question: AUC, calibration, and the expected AUC of undecided applications.

    Parameters
    ----------
    comparison : Comparison
        The window and the reference, with the limits.

    Returns
    -------
    list of Finding
        The gravest first; they share one error budget.
    """
    profile, observed, policy = comparison.profile, comparison.observed, comparison.policy
    estimated = [
        _widen(draft, comparison)
        for draft in measure_estimated_auc(comparison.estimate, observed, policy, comparison.positive)
    ]
    unanswered = explain_no_answer(comparison.labelled, policy, observed.note)
    if unanswered or profile.auc is None or comparison.auc is None:
        verdict, reason = unanswered or (Verdict.NOT_ENOUGH_DATA, "the decisions of the reference are all the same.")
        silent = report_no_data(Question.MODEL, "auc", f"Model AUC: {reason}", verdict)
        return [silent, *judge_family(estimated, policy.model_level)]
    loss = compare_auc(profile.auc, comparison.auc, policy, _find_day_factors(comparison))
    calibration = compare_calibration(comparison.curve, policy, comparison.positive)
    judged = judge_family([loss, calibration, *estimated], policy.model_level)
    measured = [finding for finding in judged if finding.check != "estimated_auc"]
    said = iter(say_rows(measured, observed.rests_on))
    return [finding if finding.check == "estimated_auc" else next(said) for finding in judged]


def report_weakness(auc: Auc | None, limit: float, *, is_foreign: bool = False) -> list[Finding]:
    """A warning where the model ranks the reference weakly; it hinders no verdict.

    Parameters
    ----------
    auc : Auc or None
        Of the reference; None where its decisions are all the same.
    limit : float
        Below which a model is weak.
    is_foreign : bool
        Whether it is the lender's own model, which loanwatch did not train.

    Returns
    -------
    list of Finding
        One, or none.
    """
    if auc is None:
        sentence = (
            "The model ranks nobody: the decisions of its reference are all the same. Concept and model drift cannot "
            "be judged; quality, data and label drift do not depend on it. "
            + ("Choose a longer reference." if is_foreign else "Train on more days.")
        )
        return [Finding(Question.MODEL, "strength", Verdict.WARN, sentence, unit=AUC, limit=limit)]
    if auc.value >= limit:
        return []
    sentence = (
        f"The model ranks weakly: its AUC on the reference is {auc.value:.3f}, below the {limit:.2f} that a challenger "
        "needs (`promotion.minimum_auc`). Concept and model drift are judged by its scores, so only large changes of "
        "the rule would be detected; quality, data and label drift do not depend on it. "
        + (
            "Check its scores, and that a higher one means the contract's positive value more often."
            if is_foreign
            else "Check the columns in the contract, or train on more days."
        )
    )
    # It is no change, so it has no effect: only what the reference showed, and the limit.
    return [Finding(Question.MODEL, "strength", Verdict.WARN, sentence, unit=AUC, limit=limit, reference=auc.value)]


def _find_day_factors(comparison: Comparison) -> tuple[float, float]:
    """How many times larger differing days make the variances of the two AUC values."""
    rows = comparison.profile.judged, int(comparison.observed.is_judged.sum())
    before, now = (1 + count * share for count, share in zip(rows, comparison.days.area, strict=True))
    return before, now


def _widen(draft: Draft, comparison: Comparison) -> Draft:
    """The estimated loss with an error that allows for days that differ, among those without a decision."""
    finding, factor = draft.finding, float(np.sqrt(1 + comparison.days.undecided_area))
    if factor == 1 or finding.effect is None or finding.standard_error is None:
        return draft
    error = finding.standard_error * factor
    p_value = float(scipy.stats.norm.sf(finding.effect / error))
    widened = replace(finding, standard_error=error, p_value=p_value)
    return replace(draft, finding=widened, find_smallest=partial(smallest_change, error, sides=1))


def compare_auc(
    before: Auc,
    now: Auc,
    policy: DriftPolicy,
    day_factors: tuple[float, float] = (1.0, 1.0),
) -> Draft:
    """The AUC on the window's decided applications against the reference's.

    Parameters
    ----------
    before, now : Auc
        The reference's, and the window's.
    policy : DriftPolicy
        The limit of the loss.
    day_factors : tuple of float
        How many times larger differing days make the variances, of the reference and of the window.

    Returns
    -------
    Draft
        The effect is the loss of AUC; the test is one-sided, as a better ranking is no drift.

    References
    ----------
    DeLong, DeLong & Clarke-Pearson, Biometrics 44 (1988).
    """
    variance = before.variance * day_factors[0] + now.variance * day_factors[1]
    loss, error = before.value - now.value, float(np.sqrt(variance))
    finding = Finding(
        Question.MODEL,
        "auc",
        Verdict.PASS,
        "",
        effect=loss,
        unit=AUC,
        standard_error=error,
        limit=policy.auc_limit,
        p_value=float(scipy.stats.norm.sf(loss / error)),
        reference=before.value,
        current=now.value,
    )
    seen = f"Model AUC: {now.value:.3f} in the window, {before.value:.3f} in the reference."
    return Draft(finding, seen, partial(smallest_change, error, sides=1))


def compare_calibration(curve: ScoreCurve, policy: DriftPolicy, positive: Positive = UNNAMED) -> Draft:
    """The mean distance between the score and the share of the positive decision, against the reference's.

    Parameters
    ----------
    curve : ScoreCurve
        The share of the positive decision at each score, before and now.
    policy : DriftPolicy
        The limit of the growth.
    positive : Positive
        The contract's word for the positive label.

    Returns
    -------
    Draft
        The effect is the growth of the distance.

    Notes
    -----
    The test asks whether the two windows' score curves differ; a better calibration is no drift.
    """
    current = curve.rows.is_current == 1
    before, slope_before = _measure_gap(curve.before, curve.slope_before, (curve.rows.scores, ~current))
    now, slope_now = _measure_gap(curve.now, curve.slope_now, (curve.rows.scores, current))
    growth, error = now - before, standard_error_of(slope_now - slope_before, curve.fit)
    finding = Finding(
        Question.MODEL,
        "calibration",
        Verdict.PASS,
        "",
        effect=growth,
        unit=GAP,
        standard_error=error,
        limit=policy.fit_limit(policy.calibration_limit, curve.rate),
        p_value=curve.p_value if growth > 0 else 1.0,
        reference=before,
        current=now,
    )
    seen = (
        f"Predicted probability and observed {positive.share} differ by {100 * now:.1f} points on average, by "
        f"{100 * before:.1f} points in the reference."
    )
    return Draft(finding, seen, partial(smallest_change, error, freedom=2))


def _measure_gap(chances: Floats, slopes: Floats, of: tuple[Floats, Mask]) -> tuple[float, Floats]:
    """The mean distance between a curve and the scores over some rows, and its derivative by the coefficients."""
    scores, rows = of
    distance = (chances - scores)[rows]
    return float(np.mean(np.abs(distance))), np.asarray(np.sign(distance) @ slopes[rows] / len(distance))


@stage(
    "model_drift",
    lambda findings: f"{sum(f.verdict is Verdict.FAIL for f in findings)} of {len(findings)} checks failed",
)
def check_model_drift(job: Job, comparison: Comparison) -> list[Finding]:
    """Ask whether the model is worse than it was. Acting on it is the flow's business."""
    profile = comparison.profile
    is_foreign = profile.origin == "holdout"  # a model of loanwatch's has out-of-fold scores
    strength = report_weakness(profile.auc, job.policy.promotion.minimum_auc, is_foreign=is_foreign)
    findings = measure_model_drift(comparison)
    judged = apply_own_limits(findings, comparison.own_limits, len(comparison.observed.labels))
    return [*date_changes(judged, comparison), *strength]
