"""The score column of a contract: how it is read, and the curve that turns points into probabilities."""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy

from blocks.errors import UsageError
from tasks.contract.contract import Contract
from tasks.core.arrays import Floats
from tasks.foreign.model import ScoreColumn
from tasks.statistics.regression import fit_logistic

# Points that say nothing get a curve that is all but flat, and still keeps their order.
LEAST_SLOPE = 1e-3


class ScoresError(UsageError):
    """The table's scores cannot be watched as they are."""


def make_score_column(
    contract: Contract, version: str | None = None, curve: tuple[float, float] | None = None
) -> ScoreColumn:
    """The model behind the contract's score column. Raises ScoresError where the contract has none."""
    column, version_column = contract.score, contract.model_version
    if column is None:
        raise ScoresError(f"The contract {contract.name} has no column with the role score.")
    return ScoreColumn(
        column=column.name,
        curve=curve,
        version_column=version_column.name if version_column else None,
        version=version if version_column else None,
        special=tuple(column.special),
        scale=(column.min, column.max) if contract.has_points else (0.0, 1.0),
    )


def fit_score_column(
    contract: Contract, version: str | None, applications: pd.DataFrame, labels: Floats
) -> ScoreColumn:
    """The score column with the curve that the reference's labels give to points; a probability is used untouched.

    Parameters
    ----------
    contract : Contract
        With a score column.
    version : str or None
        The model's version, where a column says which model gave a score.
    applications, labels
        The rows of the reference; NaN labels are left out.

    Returns
    -------
    ScoreColumn
        Raises ScoresError where there is no score at all, or where points have no outcomes of both kinds.
    """
    plain = make_score_column(contract, version)
    scores = plain.read_own(applications)
    if np.isnan(scores).all():
        whose = "" if version is None else f" of version {version}"
        raise ScoresError(
            f"`{plain.column}` holds no score{whose} on its scale on the reference's days. Choose other days, or say "
            "since when there are scores (`scored_since` of the contract's `[model]`)."
        )
    if not contract.has_points:
        return plain
    judged = ~np.isnan(scores) & ~np.isnan(labels)
    if len(np.unique(labels[judged])) < 2:
        raise ScoresError(
            f"`{plain.column}` is in points, and turning them into probabilities needs applications of both outcomes: "
            f"of the {int(judged.sum()):,} with a score and an outcome all have the same. Choose other reference days."
        )
    return make_score_column(
        contract, version, fit_curve(scores[judged], labels[judged], is_rising=is_rising(contract))
    )


def is_rising(contract: Contract) -> bool:
    """Whether more points stand for a higher chance of the positive value, as the contract says."""
    is_better = contract.score is not None and contract.score.higher_is == "better"
    return is_better == contract.is_positive_good


def fit_curve(points: Floats, labels: Floats, *, is_rising: bool) -> tuple[float, float]:
    """The level and slope of the log odds by points: a logistic regression.

    The declared direction wins: where the labels say the opposite, the slope is turned round, and the level is such
    that the mean probability of an average applicant is the share of positive labels.

    Examples
    --------
    >>> points, labels = np.tile([600.0, 700.0], 50), np.tile([0.0, 1.0, 1.0, 1.0], 25)
    >>> level, slope = fit_curve(points, labels, is_rising=True)
    >>> slope > 0
    True
    """
    middle, spread = float(np.mean(points)), float(np.std(points)) or 1.0
    z = (points - middle) / spread
    level, slope = fit_logistic(np.column_stack([np.ones_like(z), z]), labels).coefficients
    sign = 1.0 if is_rising else -1.0
    if sign * slope < LEAST_SLOPE:
        level, slope = float(scipy.special.logit(np.mean(labels))), sign * max(abs(float(slope)), LEAST_SLOPE)
    return float(level - slope * middle / spread), float(slope / spread)
