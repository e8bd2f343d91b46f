"""The matrix of many applications: as the fitted preprocessing makes it, but for the words, which are looked up.

scikit-learn's encoders look at every row's word as a Python object, which takes more than half of the time of scoring.
Here each encoder is asked once about each word (`tasks/models/fitted_steps.py`), and the rows take its answer. Numbers
go the fitted steps' own way, so that every bit is the same.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from tasks.core.arrays import Floats, Integers
from tasks.extract.cleaning import clean_numbers, derive
from tasks.models.features import RECENT, DeriveFeatures
from tasks.models.fitted_steps import NUMBERS, UnknownStepError, Words, read_words

# Asking the encoders takes as long as fewer rows.
LEAST_ROWS = 10_000

_WORDS: WeakKeyDictionary[Any, tuple[dict[str, Words], Floats] | None] = WeakKeyDictionary()


def make_matrix(steps: Pipeline, applications: pd.DataFrame) -> Floats:
    """What `steps.transform` makes of the applications: a row for each, to the last bit."""
    known = _ask_encoders(steps) if len(applications) >= LEAST_ROWS else None
    if known is None:
        return np.asarray(steps.transform(applications))
    words, fixed = known
    encoding = steps.named_steps["encode"]
    matrix = np.empty((len(applications), len(fixed)))
    matrix[:] = fixed
    for name, branch, columns in encoding.transformers_:
        if name == NUMBERS:
            numbers = _derive_numbers(steps.named_steps["derive"], applications)
            matrix[:, encoding.output_indices_[NUMBERS]] = branch.transform(numbers[list(columns)])
    for name, encoder in words.items():
        matrix[:, encoder.columns] = encoder.table[_encode(encoder, applications[name])]
    return matrix


def _ask_encoders(steps: Pipeline) -> tuple[dict[str, Words], Floats] | None:
    """What each encoder says of each word; None where a step is not known."""
    encoding = steps.named_steps.get("encode")
    if encoding not in _WORDS:
        try:
            _WORDS[encoding] = read_words(steps)
        except UnknownStepError:
            _WORDS[encoding] = None
    return _WORDS[encoding]


def _derive_numbers(derivation: DeriveFeatures, applications: pd.DataFrame) -> pd.DataFrame:
    """The numbers and the derived features; of a word only whether it is missing counts."""
    features = {
        name: clean_numbers(applications[name], list(derivation.special[name]))
        if name in derivation.special
        else applications[name]
        for name in derivation.columns
    }
    numbers = {name: features[name] for name in derivation.columns if name in derivation.special}
    numbers |= {derived["name"]: derive(derived, features) for derived in derivation.derived}
    if derivation.marks_recent:
        numbers[RECENT] = applications.get(RECENT, pd.Series(1.0, index=applications.index))
    return pd.DataFrame(numbers, index=applications.index)


def _encode(encoder: Words, values: pd.Series) -> Integers:
    """The code of each row's word."""
    held = values if isinstance(values.dtype, pd.CategoricalDtype) else values.astype("category")
    return np.append(encoder.encode(held.cat.categories), encoder.codes[None])[held.cat.codes.to_numpy()]
