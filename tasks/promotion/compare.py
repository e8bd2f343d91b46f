"""Compare: is a challenger proven better than the champion on days that neither has seen?"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tasks.core.arrays import Floats
from tasks.core.policy import PromotionPolicy
from tasks.evaluation.performance import Performance
from tasks.evaluation.segments import SegmentComparison
from tasks.statistics.auc import compare_paired_auc
from tasks.statistics.clusters import ALONE, Clusters


@dataclass(frozen=True)
class Comparison:
    """Challenger against champion on the test days. `difference` is challenger minus champion, in AUC.

    `challenger_training` is out of fold: each row by a model that was fitted without it. `left_out` rows are of
    customers that either model was fitted on; `unscored` ones have no score of the lender's own model, and are left
    out for both.
    """

    challenger: Performance
    champion: Performance
    challenger_training: Performance
    difference: float | None
    interval: tuple[float, float] | None
    left_out: int
    segments: tuple[SegmentComparison, ...] = ()
    unscored: int = 0

    def as_record(self) -> dict[str, Any]:
        """The comparison as plain JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class PromotionDecision:
    """Whether to promote, and the one sentence that says why."""

    promote: bool
    reason: str


def measure_difference(
    labels: Floats, challenger: Floats, champion: Floats, confidence: float, clusters: Clusters = ALONE
) -> tuple[float, tuple[float, float]] | None:
    """AUC of the challenger minus that of the champion, and its confidence interval (paired DeLong).

    None where the rows hold one decision only. Rows of one customer are in `clusters`. Source: DeLong, DeLong and
    Clarke-Pearson, Biometrics 44 (1988); Obuchowski, Biometrics 53 (1997).
    """
    if len(np.unique(labels)) < 2:
        return None
    difference, low, high = compare_paired_auc(labels, challenger, champion, confidence, clusters)
    return difference, (low, high)


def decide_promotion(
    comparison: Comparison, is_drift_proven: bool, minimum_rows: int, policy: PromotionPolicy
) -> PromotionDecision:
    """The promotion rule.

    A challenger is promoted where it is proven better: the lower end of the interval of the AUC difference is above 0.
    Where the champion is proven to have drifted, proof that it is not worse (lower end above minus the margin) is
    enough. It is never promoted below the AUC limit, nor where its out-of-fold AUC in training exceeds its test AUC by
    more than the limit, nor where a segment is proven to lose more than the policy allows, nor on too few test rows.
    """
    obstacle = _find_obstacle(comparison, minimum_rows, policy)
    if obstacle is not None or comparison.interval is None:
        return _keep(obstacle or "the test days hold one decision only")
    low, high = comparison.interval
    measured = (
        f"AUC difference {comparison.difference:+.4f}, {policy.confidence:.0%} interval {low:+.4f} to {high:+.4f}"
    )
    if low > 0:
        return PromotionDecision(True, f"Promoted: the challenger is proven better ({measured}).")
    if is_drift_proven and low > -policy.not_worse_margin:
        return PromotionDecision(
            True, f"Promoted: the champion has drifted and the challenger is proven not worse ({measured})."
        )
    return _keep(f"the challenger is not proven better ({measured})")


def _find_obstacle(comparison: Comparison, minimum_rows: int, policy: PromotionPolicy) -> str | None:
    """Why a challenger cannot be promoted however well it compares, if anything."""
    judged = comparison.challenger
    if judged.rows < minimum_rows or judged.auc is None:
        return f"the test days hold {judged.rows} usable labelled rows; {minimum_rows} with both decisions are required"
    training_auc = comparison.challenger_training.auc or judged.auc
    if judged.auc < policy.minimum_auc:
        return f"the challenger's AUC of {judged.auc:.3f} is below the limit of {policy.minimum_auc:.2f}"
    if training_auc - judged.auc > policy.maximum_gap:
        return (
            f"the challenger's AUC falls from {training_auc:.3f} in training to {judged.auc:.3f}, by more than "
            f"{policy.maximum_gap:.2f}"
        )
    worse = next((segment for segment in comparison.segments if segment.is_proven_worse), None)
    if worse is not None:
        return (
            f"the challenger is proven to lose more than {policy.segment_loss:.2f} AUC where {worse.column} is "
            f"{worse.segment}: {worse.champion_auc:.3f} becomes {worse.challenger_auc:.3f}"
        )
    return None


def _keep(why: str) -> PromotionDecision:
    return PromotionDecision(False, f"Kept: {why}.")
