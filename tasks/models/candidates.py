"""Candidates: both kinds of model on several choices of days, one of them selected; and its final fit on all days.

After a change of the rule the days before it mislead, and those since are few. Where the change is dated, candidates
are fitted on all days, on those since the change, and on all days with a feature that marks those since: a tree then
shares what both rules have in common, and splits where they differ (domain adaptation by augmented features: Daumé,
ACL 2007). `python -m benchmarks.life` shows what it is worth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from tasks.contract.contract import Contract
from tasks.core.arrays import Days, Floats
from tasks.core.policy import Kind, Recipe, TrainPolicy
from tasks.models.preprocess import Prepared, concatenate
from tasks.models.scoring import score
from tasks.models.train import Candidate, Split, fit_candidates, list_others, list_undecided


@dataclass(frozen=True)
class Training:
    """The selected candidate, its training rows, the AUC by which each candidate was selected, and the split.

    `rows` are all labelled rows that the candidates could be fitted on, and `undecided` the days of the ripe ones
    without a label, those of the window's other parts included. `others` are all rows without a label where only loans
    that were given have one, else None. `since` is the first day of the present rule, None where no change is dated.
    """

    chosen: Candidate
    fitted_on: Prepared
    validation_auc: dict[str, float | None]
    split: Split
    rows: Prepared
    undecided: Days
    since: date | None = None
    others: Prepared | None = None


def train_candidates(
    contract: Contract, split: Split, earlier: list[Prepared], policy: TrainPolicy, since: date | None = None
) -> Training:
    """Fit all candidates on earlier rows and the training days, and select the best one.

    Parameters
    ----------
    contract : Contract
        Which columns are features.
    split : Split
        The window's rows. Its test days are not looked at.
    earlier : list of Prepared
        Rows of earlier days.
    policy : TrainPolicy
        The candidates.
    since : date, optional
        The first day of the present rule. Candidates are then selected by their AUC on the validation days and, out of
        fold, on the training rows since; without it, on the validation days only.

    Returns
    -------
    Training
        Gradient Boosting where no AUC can be measured.
    """
    rows = concatenate([*earlier, split.train]) if earlier else split.train
    candidates = [
        candidate
        for recipe in list_recipes(rows, policy, since)
        for candidate in _fit_recipe(contract, (tuple(Kind), recipe), rows, policy, since)
    ]
    training = select_candidate(candidates, rows, split, since)
    others = [part for part in (*map(list_others, earlier), split.others) if part is not None]
    return replace(
        training,
        undecided=np.concatenate([*map(list_undecided, earlier), split.undecided]),
        others=concatenate(others) if others else None,
    )


def select_candidate(candidates: Sequence[Candidate], rows: Prepared, split: Split, since: date | None) -> Training:
    """The best of several candidates, which were fitted on rows as their recipes say: see `train_candidates`.

    Of the rows without a label it knows the window's only.
    """
    labelled = rows.take(rows.is_labelled)
    fits = [(candidate, choose_rows(labelled, candidate.recipe, since)) for candidate in candidates]
    auc = {name_candidate(candidate): _validate(candidate, fitted, split, since) for candidate, fitted in fits}
    chosen, fitted_on = max(
        fits, key=lambda fit: (auc[name_candidate(fit[0])] or 0.0, fit[0].kind is Kind.GRADIENT_BOOSTING)
    )
    return Training(chosen, fitted_on, auc, split, labelled, split.undecided, since)


def refit(contract: Contract, training: Training, policy: TrainPolicy) -> tuple[Candidate, Prepared]:
    """The selected candidate fitted again in the same way on all its days, those that have judged it included.

    Returns
    -------
    tuple of Candidate and Prepared
        The model for production, and the labelled rows that it was fitted on.
    """
    split, chosen = training.split, training.chosen
    rows = concatenate([training.fitted_on, split.validation, split.test])
    fitted = fit_recipe(contract, (chosen.kind, chosen.recipe), rows, policy, training.since)
    return fitted, choose_rows(rows, chosen.recipe, training.since)


def list_recipes(rows: Prepared, policy: TrainPolicy, since: date | None) -> tuple[Recipe, ...]:
    """The choices of days: one, unless enough rows came since the change, and some before it."""
    if since is None:
        return (Recipe.ALL,)
    labels, is_recent = rows.labels[rows.is_labelled], rows.is_since(since)[rows.is_labelled]
    is_enough = is_recent.sum() >= policy.minimum_recent_rows and len(np.unique(labels[is_recent])) == 2
    return tuple(Recipe) if is_enough and not is_recent.all() else (Recipe.ALL,)


def choose_rows(rows: Prepared, recipe: Recipe, since: date | None) -> Prepared:
    """The rows that a recipe is fitted on."""
    return rows.take(rows.is_since(since)) if recipe is Recipe.RECENT and since is not None else rows


def fit_recipe(
    contract: Contract, how: tuple[Kind, Recipe], rows: Prepared, policy: TrainPolicy, since: date | None
) -> Candidate:
    """One candidate by its kind and its choice of days."""
    kind, recipe = how
    (candidate,) = _fit_recipe(contract, ((kind,), recipe), rows, policy, since)
    return candidate


def _fit_recipe(
    contract: Contract, how: tuple[Sequence[Kind], Recipe], rows: Prepared, policy: TrainPolicy, since: date | None
) -> list[Candidate]:
    kinds, recipe = how
    chosen = choose_rows(rows, recipe, since)
    fitted = fit_candidates(contract, kinds, chosen, policy, since if recipe is Recipe.MARKED else None)
    return [replace(candidate, recipe=recipe) for candidate in fitted]


def name_candidate(candidate: Candidate) -> str:
    """A candidate in records: its kind and, where it was not fitted on all days alike, its choice of days."""
    return str(candidate.kind) if candidate.recipe is Recipe.ALL else f"{candidate.kind}/{candidate.recipe}"


def _validate(candidate: Candidate, fitted_on: Prepared, split: Split, since: date | None) -> float | None:
    """The AUC on the validation days and, out of fold, on the training rows since the change, by their rows."""
    held = split.validation
    parts = [(held.labels, score(candidate.pipeline, held.applications))] if len(held) else []
    if since is not None:
        recent = fitted_on.is_since(since)
        parts.append((fitted_on.labels[recent], candidate.out_of_fold[recent]))
    measured = [(len(labels), _measure(labels, scores)) for labels, scores in parts if len(np.unique(labels)) == 2]
    rows = sum(count for count, _ in measured)
    return sum(count * auc for count, auc in measured) / rows if rows else None


def _measure(labels: Floats, scores: Floats) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(labels, scores))
