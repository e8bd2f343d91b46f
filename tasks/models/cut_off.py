"""The cut-off: the probability that parts the two decisions, and what states it.

A model says the positive value from the threshold on, and the other one below it. Where the positive value is what the
lender wants, a loan is given from the threshold on; where it stands for a default, a loan is given below it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from blocks.errors import UsageError
from tasks.contract.contract import Contract
from tasks.core.arrays import Floats, Mask
from tasks.core.loan_rule import LoanRule
from tasks.core.policy import CutOffPolicy
from tasks.foreign.model import ScoreColumn, Scorer
from tasks.registry.bundle import Bundle

EVEN = 0.5  # what contract and policy say of themselves where nothing is stated


class CutOffError(UsageError):
    """The cut-off is stated in the points of another model."""


@dataclass(frozen=True)
class CutOff:
    """A model's cut-off.

    `threshold` is a probability of the positive value; `given` is the share of the reference's applications (those with
    a score) that the model would give a loan, None where there are none; `source` says what states it, and `sentence`
    all of it.
    """

    threshold: float
    given: float | None
    source: str
    sentence: str

    def as_record(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def find_threshold(contract: Contract, policy: CutOffPolicy, bundle: Bundle) -> float:
    """The probability from which a model's decision is the positive value. Raises CutOffError."""
    return find_cut_off(contract, policy, bundle).threshold


def find_cut_off(contract: Contract, policy: CutOffPolicy, bundle: Bundle) -> CutOff:
    """The cut-off of a model in its bundle. Raises CutOffError.

    What the policy states counts more than what the contract does. A model of loanwatch's that has taken over from one
    with points gives the share of its reference that it was installed with.
    """
    share = (bundle.metrics.get("cut_off") or {}).get("given")
    return place_cut_off(contract, policy, bundle.profile.scores, bundle.scorer, share)


def place_cut_off(
    contract: Contract,
    policy: CutOffPolicy,
    scores: Floats,
    scorer: Scorer | None = None,
    share: float | None = None,
) -> CutOff:
    """The cut-off of a model with these scores of its reference.

    Parameters
    ----------
    contract, policy
        What states it: a probability, points, or the share of the applications that are given a loan.
    scores : array of n
        The model's probabilities of the positive value on its reference; NaN where it has none.
    scorer : Scorer, optional
        The model itself, whose curve turns points into probabilities.
    share : float, optional
        For a model without points: the share to give a loan where the contract states points.

    Raises
    ------
    CutOffError
        If the contract states points, the model has none, and there is no `share`.
    """
    by, probability, rate = "the policy", policy.probability, policy.approval_rate
    if probability is None and rate is None:
        by, probability, rate = "the contract", contract.cut_off, contract.approval_rate
        if probability is not None and contract.has_points:
            return _turn_points(contract, probability, scores, scorer, share)
    if rate is not None:
        threshold = find_quantile(scores, rate if contract.is_positive_good else 1 - rate)
        return _conclude(contract, threshold, scores, f"so placed that {by}'s {rate:.1%} are given a loan")
    if probability is not None:
        return _conclude(contract, probability, scores, f"stated by {by}")
    return _conclude(contract, EVEN, scores, "the default")


def is_given(contract: Contract, scores: Floats, threshold: float) -> Mask:
    """Which applications the model would give a loan: NaN scores are none."""
    return LoanRule(threshold, contract.is_positive_good).is_given(scores)


def find_quantile(scores: Floats, share: float) -> float:
    """The threshold from which on the share of scores is closest to the one that is wanted.

    Tied scores cannot be parted. Of two thresholds that are equally close the lower one counts.

    Examples
    --------
    >>> scores = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    >>> find_quantile(scores, 0.4), find_quantile(scores, 0.6)
    (0.4, 0.3)
    """
    known = np.sort(scores[~np.isnan(scores)])
    if not len(known):
        return EVEN
    values, first = np.unique(known, return_index=True)
    thresholds = np.append(values, np.nextafter(values[-1], np.inf))
    shares = 1 - np.append(first, len(known)) / len(known)
    return float(thresholds[np.argmin(np.abs(shares - share).round(12))])


def _turn_points(
    contract: Contract, points: float, scores: Floats, scorer: Scorer | None, share: float | None
) -> CutOff:
    """Points as a probability, by the curve of the model that has them."""
    if isinstance(scorer, ScoreColumn) and scorer.curve is not None:
        threshold = float(scorer.convert(np.array([points]))[0])  # as of a column, to the last bit
        # The cut-off itself counts with the higher points, whose probability of the positive value may be lower.
        threshold = float(np.nextafter(threshold, np.inf)) if scorer.curve[1] < 0 else threshold
        return _conclude(contract, threshold, scores, f"the contract's {points:g} points")
    if share is None:
        raise CutOffError(
            f"The contract {contract.name} states a `cut_off` of {points:g} points, and this model gives probabilities "
            "and no points. State a probability or an approval rate instead: `probability` or `approval_rate` in "
            "`[cut_off]` of a policy, or `approval_rate` in the contract."
        )
    threshold = find_quantile(scores, share if contract.is_positive_good else 1 - share)
    source = f"so placed that {share:.1%} are given a loan, as by the contract's {points:g} points"
    return _conclude(contract, threshold, scores, source)


def _conclude(contract: Contract, threshold: float, scores: Floats, source: str) -> CutOff:
    known = scores[~np.isnan(scores)]
    given = float(np.mean(is_given(contract, known, threshold))) if len(known) else None
    said = f"“{contract.positive}” from a probability of {threshold:.4g} on, else “{contract.negative}” ({source})."
    if given is not None:
        said += f" With it the model would give {given:.1%} of its reference's applications a loan."
    return CutOff(float(threshold), given, source, said)
