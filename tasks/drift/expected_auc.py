"""The AUC to be expected of applications that have not been decided yet.

The share of the positive decision at each score is learnt on the reference; with it every undecided application counts
partly as one and partly as the other decision. Nothing is assumed of the score but its order: it need be no
probability, and the share may rise or fall with it. That rests on one assumption, which every sentence repeats: that
the share at a given score has not changed. A changed rule, or corrupted values, cannot be detected like this.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import scipy

from tasks.core.arrays import Floats, Keys
from tasks.core.findings import Finding, Question, Verdict
from tasks.core.policy import DriftPolicy
from tasks.core.positive import UNNAMED, Positive
from tasks.core.scored_window import ScoredWindow
from tasks.core.wording import AUC
from tasks.drift.judgement import Draft, report_no_data
from tasks.drift.reweighting import Reweighting, match_scores
from tasks.profile.profile import Profile
from tasks.statistics.clusters import find_clusters
from tasks.statistics.power import smallest_change
from tasks.statistics.score_bins import ScoreBins, count_score_bins


@dataclass(frozen=True)
class Estimate:
    """The expected AUC and its errors.

    Parameters
    ----------
    before
        The AUC on the reference, by its labels.
    now
        The one to be expected.
    loss_error
        The standard error of the difference. What both share, as the labels that the chances are counted from, is not
        in it.
    now_error
        The standard error of `now` by itself.
    """

    before: float
    now: float
    loss_error: float
    now_error: float


def measure_estimated_auc(
    estimate: Estimate | None, observed: ScoredWindow, policy: DriftPolicy, positive: Positive = UNNAMED
) -> list[Draft]:
    """What can be said of the applications without a label.

    Parameters
    ----------
    estimate : Estimate or None
        Of these applications; None where there are too few, or too few decisions to estimate from.
    observed : ScoredWindow
        The window; NaN labels are not decided yet, or never will be where the loan was refused.
    policy : DriftPolicy
        The limit of the loss, and the fewest rows.
    positive : Positive
        The contract's word for the positive label.

    Returns
    -------
    list of Draft
        One; none where so many are decided that a few open ones do not matter.
    """
    open_rows = int(observed.is_open.sum())
    is_decided = int(observed.is_judged.sum()) >= policy.minimum_rows
    if not open_rows or (is_decided and open_rows < policy.minimum_rows):
        return []
    if estimate is None:
        reason = (
            f"Expected AUC: {open_rows:,} applications without a decision are too few to estimate it."
            if open_rows < policy.minimum_rows
            else f"Expected AUC: too few decisions of the reference have the scores of the {open_rows:,} applications "
            "without a decision."
        )
        silent = report_no_data(Question.MODEL, "estimated_auc", reason)
        return [Draft(silent, reason, partial(smallest_change, 1.0))]
    loss, error = estimate.before - estimate.now, estimate.loss_error
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
        f"Expected AUC: {estimate.now:.3f} for {open_rows:,} applications that are not decided yet, "
        f"{estimate.before:.3f} in the reference. This assumes that the {positive.share} at a given score "
        "has not changed; a changed rule can only be detected from decisions."
    )
    return [Draft(finding, seen, partial(smallest_change, error, sides=1))]


def estimate_auc(profile: Profile, fresh: Floats, policy: DriftPolicy, keys: Keys | None = None) -> Estimate | None:
    """The AUC to be expected of scores without a label.

    Parameters
    ----------
    profile : Profile
        The reference.
    fresh : array of m
        The scores.
    policy : DriftPolicy
        The fewest rows, and the fewest of each decision.
    keys : array of m, optional
        The customers of the scores; by default every row stands alone.

    Returns
    -------
    Estimate or None
        None where rows are too few, or where too few of the reference's decisions of one kind have such scores.

    Notes
    -----
    The expected loss is taken off the AUC that the reference's labels show, so that what the bins miss of the order
    within them is missed of both.

    References
    ----------
    Horvitz & Thompson, Journal of the American Statistical Association 47 (1952), and Holt & Smith, Journal of the
    Royal Statistical Society A 142 (1979): reweighting by known shares. Kish, Survey Sampling (1965): how many rows
    weighted ones are worth.
    """
    if profile.auc is None or min(profile.judged, len(fresh)) < policy.minimum_rows:
        return None
    matched = match_scores(profile.score_bins or _count_sample(profile), fresh)
    if min(matched.worth) < policy.minimum_of_each:
        return None
    before, loss = profile.auc.value, matched.before.value - matched.now.value
    errors = np.sqrt(np.maximum(matched.find_variances() + _add_clusters(matched, profile, fresh, keys), 1e-18))
    return Estimate(before, min(before - loss, 1.0), float(errors[0]), float(errors[1]))


def _count_sample(profile: Profile) -> ScoreBins:
    """The bins of a profile that was written before they were kept: of its sample only."""
    known = profile.is_judged
    return count_score_bins(profile.labels[known], profile.scores[known])


def _add_clusters(matched: Reweighting, profile: Profile, fresh: Floats, keys: Keys | None) -> Floats:
    """What rows of one customer add to the two variances (Liang & Zeger, Biometrika 73, 1986).

    Of the reference they are told in the sample. It holds a share of the rows and the square of it of their pairs, so
    that by its own number of rows its sum over pairs is that of all.
    """
    added = np.zeros(2)
    if profile.halves is not None:
        known = profile.is_judged
        influence = matched.find_influence(profile.labels[known], profile.scores[known])
        added += np.diagonal(find_clusters(profile.groups[known]).cross(influence)) / len(influence) ** 2
    if keys is not None:
        influence = matched.find_fresh_influence(fresh)
        added += np.diagonal(find_clusters(keys).cross(influence)) / len(fresh) ** 2
    return np.maximum(added, 0.0)
