"""The AUC to be expected of applications that have not been decided yet.

The probability of the positive decision at each score is learnt on the reference; with it every undecided application
counts partly as one and partly as the other decision. That rests on one assumption, which every sentence repeats: that
the share at a given score has not changed. A changed rule, or corrupted values, cannot be detected like this.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import scipy

from tasks.core.arrays import Floats, Integers, Keys, sample_rows
from tasks.core.findings import Finding, Question, Verdict
from tasks.core.policy import DriftPolicy
from tasks.core.positive import UNNAMED, Positive
from tasks.core.scored_window import ScoredWindow
from tasks.core.wording import AUC
from tasks.drift.judgement import Draft, report_no_data
from tasks.profile.profile import SAMPLE_ROWS, Profile
from tasks.statistics.auc import expect_auc
from tasks.statistics.clusters import make_bootstrap
from tasks.statistics.power import smallest_change
from tasks.statistics.regression import LogisticFit, fit_logistic, logit

DRAWS = 50


@dataclass(frozen=True, eq=False)
class Estimate:
    """The expected AUC, and what its error is drawn from.

    Parameters
    ----------
    before
        The AUC on the reference, by its labels.
    now
        The one to be expected.
    labels, scores : arrays of n
        The reference's labelled rows.
    fresh : array of m
        The scores without a label.
    fit
        The curve through the reference's labels by scores.
    """

    before: float
    now: float
    labels: Floats
    scores: Floats
    fresh: Floats
    fit: LogisticFit


def measure_estimated_auc(
    profile: Profile,
    observed: ScoredWindow,
    policy: DriftPolicy,
    keys: Keys | None = None,
    positive: Positive = UNNAMED,
) -> list[Draft]:
    """What can be said of the applications without a label.

    Parameters
    ----------
    profile : Profile
        The reference.
    observed : ScoredWindow
        The window; NaN labels are not decided yet.
    policy : DriftPolicy
        The limit of the loss, the fewest rows and the seed.
    keys : array, optional
        The window's customers; by default every row stands alone.
    positive : Positive
        The contract's word for the positive label.

    Returns
    -------
    list of Draft
        One; none where so many are decided that a few open ones do not matter.
    """
    open_rows = np.isnan(observed.labels)
    is_decided = np.sum(~open_rows) >= policy.minimum_rows
    if not open_rows.any() or (is_decided and open_rows.sum() < policy.minimum_rows):
        return []
    estimate = estimate_auc(profile, observed.scores[open_rows], policy.minimum_rows)
    if estimate is None:
        reason = f"Expected AUC: {open_rows.sum():,} applications without a decision are too few to estimate it."
        silent = report_no_data(Question.MODEL, "estimated_auc", reason)
        return [Draft(silent, reason, partial(smallest_change, 1.0))]
    loss, error = (
        estimate.before - estimate.now,
        _find_error(estimate, policy.seed, _find_groups(profile, None if keys is None else keys[open_rows])),
    )
    finding = Finding(
        Question.MODEL,
        "estimated_auc",
        Verdict.PASS,
        "",
        effect=loss,
        unit=AUC,
        standard_error=error,
        limit=policy.auc_limit,
        p_value=float(scipy.stats.norm.sf(loss / error)),
        reference=estimate.before,
        current=estimate.now,
    )
    seen = (
        f"Expected AUC: {estimate.now:.3f} for {open_rows.sum():,} applications that are not decided yet, "
        f"{estimate.before:.3f} in the reference. This assumes that the {positive.share} at a given score "
        "has not changed; a changed rule can only be detected from decisions."
    )
    return [Draft(finding, seen, partial(smallest_change, error, sides=1))]


def estimate_auc(profile: Profile, fresh: Floats, minimum_rows: int) -> Estimate | None:
    """The AUC to be expected of scores without a label.

    Parameters
    ----------
    profile : Profile
        The reference.
    fresh : array of m
        The scores, 0 to 1.
    minimum_rows : int
        The fewest labelled rows of the reference, and the fewest scores.

    Returns
    -------
    Estimate or None
        None where rows are too few, or all of one label.

    Notes
    -----
    The expected loss is taken off the AUC that the reference's labels show: what the probabilities miss of it, they
    miss of both.

    References
    ----------
    The expectation is that of NannyML's confidence-based performance estimation; recalibration and standard error are
    not.
    """
    known = ~np.isnan(profile.labels)
    labels, scores = profile.labels[known], profile.scores[known]
    if min(len(labels), len(fresh)) < minimum_rows or profile.auc is None or len(np.unique(labels)) < 2:
        return None
    fit = fit_logistic(_design(scores), labels)
    return Estimate(profile.auc.value, profile.auc.value - _expect_loss(fit, scores, fresh), labels, scores, fresh, fit)


def _find_groups(profile: Profile, keys: Keys | None) -> tuple[Integers | None, Keys | None]:
    """The customers of the reference's labelled rows and of the fresh ones; None where each row stands alone."""
    return None if profile.halves is None else profile.groups[~np.isnan(profile.labels)], keys


def _find_error(estimate: Estimate, seed: int, groups: tuple[Integers | None, Keys | None]) -> float:
    """The standard error of the loss by the bootstrap; from at most 20,000 fresh rows, which makes it no smaller.

    Rows of one customer are drawn together (Davison & Hinkley, Bootstrap Methods and their Application, 1997).
    """
    labels, scores = estimate.labels, estimate.scores
    used = sample_rows(len(estimate.fresh), SAMPLE_ROWS, seed)
    fresh = estimate.fresh[used]
    random = np.random.default_rng(seed)
    draw_rows = make_bootstrap(random, len(labels), groups[0])
    draw_fresh = make_bootstrap(random, len(fresh), None if groups[1] is None else groups[1][used])

    def draw() -> float:
        rows = draw_rows()
        fit = fit_logistic(_design(scores[rows]), labels[rows], estimate.fit.coefficients)
        return _expect_loss(fit, scores[rows], fresh[draw_fresh()])

    return max(float(np.std([draw() for _ in range(DRAWS)], ddof=1)), 1e-9)


def _expect_loss(fit: LogisticFit, scores: Floats, fresh: Floats) -> float:
    """The area expected on the reference less that on fresh scores, by chances that are fitted on the reference."""
    return expect_auc(fit.chances, scores) - expect_auc(fit.predict(_design(fresh)), fresh)


def _design(scores: Floats) -> Floats:
    """A cubic in the log odds: a straight line would flatten the chances near 0 and 1, on which the area rests."""
    s = logit(scores)
    return np.column_stack([np.ones_like(s), s, s**2, s**3])
