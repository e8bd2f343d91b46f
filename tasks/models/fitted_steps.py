"""What the steps of a fitted preprocessing do to one column, as arrays: see `tasks/models/matrix_rows.py`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler

from tasks.core.arrays import Floats, Integers
from tasks.models.features import DeriveFeatures, EncodeFrequency

UNKNOWN = "(a word that no encoder knows)"
NUMBERS = "numbers"


class UnknownStepError(ValueError):
    """A fitted preprocessing has a step that is not known here."""


@dataclass(frozen=True, eq=False)
class Words:
    """A category: the code of each word, the matrix's columns that it decides, and these columns for each code.

    A missing word has the code 0, and an unknown one the last.
    """

    codes: dict[str | None, int]
    columns: Integers
    table: Floats

    def encode(self, words: Iterable[Any]) -> Integers:
        """The code of each word."""
        unknown, codes = len(self.codes), self.codes
        return np.array([codes.get(word, unknown) for word in words], dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Scale:
    """Minus, divided by, times, plus: what a scaler does not do is a step that changes nothing. An entry a column."""

    minus: Floats
    over: Floats
    times: Floats
    plus: Floats

    def take(self, places: Integers) -> Scale:
        """The scale of some columns."""
        return Scale(*(part[places] for part in (self.minus, self.over, self.times, self.plus)))

    def apply(self, values: Floats) -> Floats:
        """The scaled values; a row for each column."""
        with np.errstate(over="ignore"):
            shifted = (values - self.minus[:, None]) / self.over[:, None]
            return np.asarray(shifted * self.times[:, None] + self.plus[:, None])


@dataclass(frozen=True, eq=False)
class Numbers:
    """The branch of the numbers: its features, where it begins in the matrix, what fills them, and its scale.

    Behind the features come marks that say where one is missing; `marked` are the features that have one.
    """

    features: tuple[str, ...]
    start: int
    filling: Floats
    marked: tuple[int, ...]
    scale: Scale


def read_numbers(encoding: ColumnTransformer) -> Numbers:
    """The branch of the numbers. Raises UnknownStepError."""
    fitted = {name: (step, columns) for name, step, columns in encoding.transformers_}
    if NUMBERS not in fitted:
        raise UnknownStepError("There are no numbers.")
    branch, features = fitted[NUMBERS]
    imputer, scaler = (step for _, step in branch.steps)
    if type(imputer) is not SimpleImputer or not imputer.keep_empty_features:
        raise UnknownStepError(f"The numbers' first step is {imputer!r}.")
    marked = imputer.indicator_.features_ if imputer.indicator_ is not None else ()
    return Numbers(
        tuple(features),
        encoding.output_indices_[NUMBERS].start,
        np.asarray(imputer.statistics_, dtype=np.float64),
        tuple(int(place) for place in marked),
        _read_scale(scaler, len(features) + len(marked)),
    )


def _read_scale(scaler: Any, width: int) -> Scale:
    nothing, ones = np.zeros(width), np.ones(width)
    if scaler == "passthrough" or getattr(scaler, "func", scaler) is None:
        return Scale(nothing, ones, ones, nothing)
    if type(scaler) is StandardScaler and scaler.with_mean and scaler.with_std:
        return Scale(scaler.mean_, scaler.scale_, ones, nothing)
    if type(scaler) is MinMaxScaler and not scaler.clip:
        return Scale(nothing, ones, scaler.scale_, scaler.min_)
    raise UnknownStepError(f"The numbers' scaler is {scaler!r}.")


def list_owners(steps: Pipeline) -> list[str]:
    """For each column of the matrix the feature that makes it. Raises UnknownStepError."""
    owners: list[str] = []
    for name, step, columns in steps.named_steps["encode"].transformers_:
        if name != "remainder":
            owners += _list_of_branch(step, list(columns))
    return owners


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


def read_words(steps: Pipeline) -> tuple[dict[str, Words], Floats]:
    """The categories by name, and a row of the matrix whose columns no category decides are as in every row.

    What the encoders make of a word is asked of them, of all categories at once: the matrix of applications of which
    each has the next word of every category, and nothing else.
    """
    derivation, encoding = steps.named_steps["derive"], steps.named_steps["encode"]
    asked = {name: [None, *words, UNKNOWN] for name, words in _list_words(encoding)}
    rows = max(map(len, asked.values()), default=1)
    words = {name: pd.Series(of_it + [None] * (rows - len(of_it)), dtype=object) for name, of_it in asked.items()}
    matrix = np.asarray(steps.transform(_make_frame(derivation, rows).assign(**words)))
    owners, categories = np.array(list_owners(steps), dtype=object), {}
    for name, of_it in asked.items():
        columns = np.flatnonzero(owners == name)
        table = matrix[: len(of_it), columns]
        differs = (table != table[0]).any(axis=0)
        codes: dict[str | None, int] = {word: code for code, word in enumerate(of_it[:-1])}
        categories[name] = Words(codes, columns[differs], table[:, differs])
    return categories, matrix[0]


def _list_words(encoding: ColumnTransformer) -> Iterator[tuple[str, list[str]]]:
    """The words that each category's encoder knows."""
    for name, step, columns in encoding.transformers_:
        encoder = step.steps[0][1] if isinstance(step, Pipeline) else step
        if name in (NUMBERS, "remainder"):
            continue
        if type(encoder) in (OneHotEncoder, OrdinalEncoder):
            known = [list(words) for words in encoder.categories_]
        elif type(encoder) is EncodeFrequency:
            known = [list(encoder.shares_[column]) for column in columns]
        else:
            raise UnknownStepError(f"The categories' encoder is {encoder!r}.")
        for column, words in zip(columns, known, strict=True):
            yield column, [word for word in words if isinstance(word, str)]


def _make_frame(derivation: DeriveFeatures, rows: int) -> pd.DataFrame:
    """Applications of which nothing is known."""
    return pd.DataFrame(
        {
            name: pd.Series([None] * rows, dtype=float if name in derivation.special else object)
            for name in derivation.columns
        }
    )
