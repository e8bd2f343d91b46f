"""Importance: the contribution of each column to a model's AUC, in the reference and in the window.

A column's importance is the AUC lost if its values are shuffled among the rows. A difference between reference and
window means that the column contributes to a change of performance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from tasks.contract.contract import Contract
from tasks.core.arrays import Floats
from tasks.foreign.model import ScoreColumn, Scorer
from tasks.models.preprocess import Prepared
from tasks.models.scoring import score_by_fold
from tasks.statistics.auc import compare_paired_auc

MOST_ROWS = 2_000
# Rows that are scored for one model's columns together: training takes no noticeable time longer by it.
_MOST_SCORED = 20_000
_LEAST_ROWS = 200


@dataclass(frozen=True)
class Importance:
    """One column: the AUC lost in the reference and in the window, and current less reference with its interval."""

    column: str
    reference: float
    current: float
    difference: float
    low: float
    high: float


@dataclass(frozen=True)
class ColumnImportance:
    """One column: the AUC lost on the test days if it is shuffled, and its standard error."""

    column: str
    loss: float
    error: float


@dataclass(frozen=True)
class _Loss:
    value: float
    error: float


def measure_importance(
    contract: Contract, model: Scorer, reference: Prepared, window: Prepared, confidence: float, seed: int
) -> list[Importance]:
    """Every column's importance, the largest change first; empty if one side has one decision only.

    It is empty too where the scores are a column of the table: how they depend on the others is not known.

    Rows are scored by the fold that was fitted without their customer, so that both sides are out of sample. At most
    2,000 rows of each side are drawn. The interval covers the sampling of the rows; there is one seeded shuffle.
    """
    if isinstance(model, ScoreColumn):
        return []
    parts = [_draw(rows.take(rows.is_labelled), seed) for rows in (reference, window)]
    if any(len(np.unique(part.labels)) < 2 for part in parts):
        return []
    names = [column.name for column in contract.features]
    before, now = (_measure(model, part, names, seed) for part in parts)
    reach = float(scipy.stats.norm.ppf((1 + confidence) / 2))
    measured = []
    for name in names:
        then, today = before[name], now[name]
        difference, error = today.value - then.value, reach * float(np.hypot(then.error, today.error))
        measured.append(Importance(name, then.value, today.value, difference, difference - error, difference + error))
    return sorted(measured, key=lambda importance: -abs(importance.difference))


def rank_columns(contract: Contract, model: Scorer, rows: Prepared, seed: int) -> list[ColumnImportance]:
    """Every column's importance on rows that the model was not fitted on, the largest first.

    At most 2,000 labelled rows are drawn, and fewer of a table with many columns. Empty where they have one decision
    only.
    """
    names = [column.name for column in contract.features]
    most = min(MOST_ROWS, max(_MOST_SCORED // (len(names) + 1), _LEAST_ROWS))
    part = _draw(rows.take(rows.is_labelled), seed, most)
    if len(np.unique(part.labels)) < 2:
        return []
    losses = _measure(model, part, names, seed)
    measured = [ColumnImportance(name, loss.value, loss.error) for name, loss in losses.items()]
    return sorted(measured, key=lambda column: -column.loss)


def _measure(model: Scorer, rows: Prepared, names: list[str], seed: int) -> dict[str, _Loss]:
    from tasks.evaluation.shuffled import score_shuffled

    order = np.random.default_rng(seed).permutation(len(rows))
    plain = score_by_fold(model, rows.applications, rows.keys)
    scored = dict(score_shuffled(model, rows, names, order))
    losses = {}
    for name in names:
        scores = scored[name]
        losses[name] = _Loss(0.0, 0.0) if scores is None else _compare(rows.labels, plain, scores)
    return losses


def _compare(labels: Floats, plain: Floats, shuffled: Floats) -> _Loss:
    one_error = float(scipy.stats.norm.cdf(1) - scipy.stats.norm.cdf(-1))
    loss, low, _ = compare_paired_auc(labels, plain, shuffled, one_error)
    return _Loss(loss, loss - low)


def _draw(rows: Prepared, seed: int, most: int = MOST_ROWS) -> Prepared:
    if len(rows) <= most:
        return rows
    drawn = np.zeros(len(rows), bool)
    drawn[np.random.default_rng(seed).choice(len(rows), most, replace=False)] = True
    return rows.take(drawn)
