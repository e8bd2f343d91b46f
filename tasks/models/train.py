"""Train: fit Random Forest and Gradient Boosting on the training days, with calibrated probabilities.

A model is one scikit-learn pipeline: the preprocessing, then the classifier with its cross-validation folds kept
(`CalibratedClassifierCV(ensemble=True)`). Scoring averages the folds. The drift questions need scores from models that
were fitted without the row: out-of-fold scores for the reference (`score_out_of_fold`), one fold's score for a new row
(`score_by_fold`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from blocks.errors import LoanwatchError
from tasks.contract.contract import Contract
from tasks.core.arrays import Days, Floats, Integers
from tasks.core.policy import Kind, Recipe, TrainPolicy
from tasks.models.preprocess import Prepared
from tasks.models.scoring import assign_folds, score

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


class TrainingError(LoanwatchError):
    """The training days are not sufficient for a model."""


@dataclass(frozen=True)
class Candidate:
    """A fitted model, and for each training row the score of the fold that was fitted without it.

    `recipe` says on which days it was fitted.
    """

    kind: Kind
    pipeline: Pipeline
    out_of_fold: Floats
    recipe: Recipe = Recipe.ALL


@dataclass(frozen=True)
class Split:
    """Three parts of the labelled rows: for fitting, for selection, and for the test.

    They are consecutive days, or customers drawn at random where the days cannot part them (`by_customer`).
    `undecided` holds the days of the ripe rows without a label, of all parts. `others` are the rows without a label
    where only loans that were given have one: applicants like the rest; else None.
    """

    train: Prepared
    validation: Prepared
    test: Prepared
    by_customer: bool = False
    undecided: Days = field(default_factory=lambda: np.zeros(0, "datetime64[D]"))
    others: Prepared | None = None

    @property
    def parts(self) -> tuple[Prepared, Prepared, Prepared]:
        """The three parts, in their order."""
        return self.train, self.validation, self.test


def split_rows(prepared: Prepared, policy: TrainPolicy) -> Split:
    """Split the labelled rows at whole days: the first share is for fitting, the next for selection, then test days.

    A table may know no days: all applications of a month carry its first one. Where the rows have too few days for
    three parts, the same shares of the customers are drawn instead, by their keys. Last days without any decision that
    counts are left out: they are not ripe.
    """
    held = prepared.days[prepared.is_labelled] if prepared.is_labelled.any() else prepared.days
    first, last = prepared.days.min(), held.max()
    days = int((last - first).astype(int)) + 1
    shares = (policy.train_share, policy.train_share + policy.validation_share)
    train_days, selection_end = (round(days * share) for share in shares)
    if selection_end < days:
        age = (prepared.days - first).astype(int)
        return _cut_at(prepared, age, (train_days, selection_end))
    # Other bits of the key than those that choose a fold.
    places = (prepared.keys >> np.uint64(40)) / 2.0**24
    return replace(_cut_at(prepared, places, shares), by_customer=True)


def _cut_at(prepared: Prepared, places: Floats | Integers, ends: tuple[float, float]) -> Split:
    """The labelled rows in three parts, by their places: the first two parts end before `ends`."""
    first, second = ends
    labelled = prepared.is_labelled
    return Split(
        prepared.take(labelled & (places < first)),
        prepared.take(labelled & (places >= first) & (places < second)),
        prepared.take(labelled & (places >= second)),
        undecided=list_undecided(prepared),
        others=list_others(prepared),
    )


def list_undecided(rows: Prepared) -> Days:
    """The days of the rows without a label, up to the last day that has one: those of later days are not ripe.

    Refused rows that will never have one are not among them.
    """
    if not rows.is_labelled.any():
        return rows.days[:0]
    waits = ~rows.is_labelled if rows.refused is None else ~rows.is_labelled & ~rows.refused
    return np.asarray(rows.days[waits & (rows.days <= rows.days[rows.is_labelled].max())])


def list_others(rows: Prepared) -> Prepared | None:
    """The rows without a label, where only loans that were given have one: a reference's applicants like the rest."""
    return None if rows.refused is None else rows.take(~rows.is_labelled)


def fit_candidate(
    contract: Contract, kind: Kind, training: Prepared, policy: TrainPolicy, since: date | None = None
) -> Candidate:
    """Fit one candidate on labelled rows: see `fit_candidates`."""
    (candidate,) = fit_candidates(contract, (kind,), training, policy, since)
    return candidate


def fit_candidates(
    contract: Contract, kinds: Sequence[Kind], training: Prepared, policy: TrainPolicy, since: date | None = None
) -> list[Candidate]:
    """Fit a candidate of each kind on labelled rows. With `since`, one feature marks the rows from that day on.

    All rows of one customer are in one fold, so that no out-of-fold score depends on the same customer. The
    preprocessing is fitted once, on all training rows: it does not use the labels.
    Where a label is rare there are fewer folds than the policy says. Where even two would not do, nothing can be
    learnt: the model then gives everybody the same probability, so that what needs no model can be judged.
    Raises TrainingError without a label.
    """
    from tasks.models.estimators import fit_without_skill
    from tasks.models.fold_fits import encode, fit_folds

    training = training.take(training.is_labelled)
    recipe = Recipe.ALL if since is None else Recipe.MARKED
    if not len(training):
        raise TrainingError("No application has a decision that counts yet. Choose earlier or longer training days.")
    count = _choose_fold_count(training, policy)
    if count is not None:
        fitted = fit_folds(encode(contract, training, policy, count, since), kinds, policy)
        return [Candidate(kind, *of_kind, recipe) for kind, of_kind in zip(kinds, fitted, strict=True)]
    pipeline = fit_without_skill(contract, policy, training.applications, training.labels)
    scores = score(pipeline, training.applications)
    return [Candidate(kind, pipeline, scores, recipe) for kind in kinds]


def _choose_fold_count(training: Prepared, policy: TrainPolicy) -> int | None:
    """The most folds, up to the policy's number, in each of which either label has two rows; None for less than two."""
    for count in range(policy.folds, 1, -1):
        folds = assign_folds(training.keys, count)
        rarest = min(np.bincount(folds[training.labels == label], minlength=count).min() for label in (0.0, 1.0))
        if rarest >= 2:
            return count
    return None
