"""Dry run: a model of the lender's own on a window, beside what the table says, before it goes into production."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import scipy

from tasks.bank.ranking import measure_ks
from tasks.contract.contract import Contract
from tasks.core.arrays import Floats
from tasks.core.windows import Window
from tasks.evaluation.calibration import measure_calibration_error, measure_reliability
from tasks.foreign.check_scores import check_scores, find_idle_columns
from tasks.foreign.imported import ImportedModel
from tasks.job.job import Job
from tasks.models.cut_off import CutOff, is_given, place_cut_off
from tasks.models.preprocess import Prepared
from tasks.promotion.foreign import keep_reference
from tasks.statistics.auc import measure_judged_auc
from tasks.statistics.counted_labels import find_judged


@dataclass(frozen=True)
class Figures:
    """How a model does on some days. What needs both labels is None where there are none; `given` is a share."""

    days: str
    rows: int
    decided: int
    auc: float | None
    gini: float | None
    ks: float | None
    calibration_error: float | None
    given: float


@dataclass(frozen=True)
class Beside:
    """A model's probabilities beside the scores in the table, over the rows that have both.

    `correlation` is Pearson's for probabilities; for points, which have another scale, it is Spearman's, and there is
    no `largest` difference.
    """

    column: str
    rows: int
    correlation: float
    largest: float | None


@dataclass(frozen=True)
class DryRun:
    """What a dry run has shown; `idle` are the columns that change no score."""

    reference: Figures
    window: Figures
    cut_off: CutOff
    beside: Beside | None
    idle: tuple[str, ...]

    def as_record(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Tried:
    """The rows of a model's reference with its scores, how many more rows are undecided, and its dry run."""

    rows: Prepared
    scores: Floats
    undecided: int
    dry_run: DryRun


def try_model(job: Job, model: ImportedModel, reference: tuple[Window, Prepared, int], window: Prepared) -> Tried:
    """Score the reference (its days, its rows, and how many are undecided) and the window.

    Raises UnfitModelError where the scores are no probabilities, CutOffError where the cut-off is in points.
    """
    days, prepared, undecided = reference
    seed = job.policy.drift.seed
    kept = keep_reference(prepared)
    scores, now = check_scores(model, kept.applications), check_scores(model, window.applications)
    cut_off = place_cut_off(job.contract, job.policy.cut_off, scores)
    dry_run = DryRun(
        measure_figures(job.contract, days, kept.labels, scores, cut_off.threshold),
        measure_figures(job.contract, job.window, window.labels, now, cut_off.threshold),
        cut_off,
        compare_with_table(job.contract, window, now),
        tuple(find_idle_columns(model, window.applications, seed)),
    )
    return Tried(kept, scores, undecided, dry_run)


def measure_figures(contract: Contract, days: Window, labels: Floats, scores: Floats, threshold: float) -> Figures:
    """A model's figures on some rows; those without a label count for the share that is given only.

    The Gini coefficient is 2 AUC - 1; KS is the largest distance between the distribution functions of the scores of
    both labels.
    """
    judged = find_judged(labels, scores)
    given = float(np.mean(is_given(contract, scores, threshold)[~np.isnan(scores)]))
    if not judged.has_both_labels:
        return Figures(str(days), len(scores), len(judged), None, None, None, None, given)
    auc = measure_judged_auc(judged).value
    ks, _ = measure_ks(judged.counted)
    error = measure_calibration_error(measure_reliability(judged.labels, judged.scores, 0.95))
    return Figures(str(days), len(scores), len(judged), auc, 2 * auc - 1, ks, error, given)


def compare_with_table(contract: Contract, window: Prepared, scores: Floats) -> Beside | None:
    """The scores beside those of the contract's score column; None where there is none, or too few to compare."""
    column = contract.score
    if column is None:
        return None
    told = window.applications[column.name].to_numpy(np.float64, na_value=np.nan)
    both = np.isfinite(told) & ~np.isin(told, list(column.special)) & ~np.isnan(scores)
    if both.sum() < 3 or np.ptp(told[both]) == 0:
        return None
    if not contract.has_points:
        correlation = float(np.corrcoef(told[both], scores[both])[0, 1])
        return Beside(column.name, int(both.sum()), correlation, float(np.max(np.abs(told - scores)[both])))
    return Beside(column.name, int(both.sum()), float(scipy.stats.spearmanr(told[both], scores[both]).statistic), None)
