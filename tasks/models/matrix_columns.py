"""Matrix columns: which feature makes each column of a fitted preprocessing's matrix."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

from tasks.contract.contract import Contract
from tasks.models.features import EncodeFrequency
from tasks.models.fitted_steps import UnknownStepError


def list_owners(steps: Pipeline) -> list[str]:
    """For each column of the matrix the feature that makes it. Raises UnknownStepError."""
    encoding: ColumnTransformer = steps.named_steps["encode"]
    owners: list[str] = []
    for name, step, columns in encoding.transformers_:
        if name != "remainder":
            owners += _list_of_branch(step, list(columns))
    return owners


def record_features(contract: Contract, pipeline: Pipeline) -> dict[str, Any]:
    """Which features a model reads, and of how many, as plain JSON values; nothing where it reads all of them."""
    derivation = pipeline.named_steps["derive"]
    used = [*derivation.columns, *(one["name"] for one in derivation.derived)]
    features = len(contract.features) + len(contract.derived)
    return {"features": {"used": used, "of": features}} if len(used) < features else {}


def _list_of_branch(step: Any, columns: Sequence[str]) -> Iterator[str]:
    if isinstance(step, Pipeline):  # numbers and ordered words: their values, then a mark for what is missing
        indicator = step.named_steps["simpleimputer"].indicator_
        yield from columns
        yield from () if indicator is None else (columns[place] for place in indicator.features_)
    elif isinstance(step, EncodeFrequency):
        yield from columns
    elif isinstance(step, OneHotEncoder):
        for column, words, rare in zip(columns, step.categories_, step.infrequent_categories_, strict=True):
            yield from [column] * (len(words) - (0 if rare is None else len(rare) - 1))
    else:
        raise UnknownStepError(f"The branch {step!r} is not known.")
