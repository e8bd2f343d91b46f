"""Whether a model that is to be imported gives probabilities that loanwatch can rest on."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tasks.core.arrays import Floats
from tasks.foreign.errors import ModelScoreError, UnfitModelError
from tasks.foreign.imported import ROUNDING, ImportedModel
from tasks.foreign.passport import count_filled

SAMPLE_ROWS = 2_000
SAME = 1e-6  # how far two answers to one row may lie apart, for the order in which sums are taken


def check_scores(model: ImportedModel, applications: pd.DataFrame) -> Floats:
    """The model's scores of the applications. Raises UnfitModelError where they are no probabilities of each row.

    Each row has one of 0 to 1, where any of the model's columns has a value; not all are the same, nor only 0 and 1;
    and neither a repetition nor the other rows change it.
    """
    scores = _try(model, applications)
    filled = count_filled(model.passport.make_frame(applications)) > 0
    missing = int(np.sum(np.isnan(scores) & filled))
    if missing:
        raise UnfitModelError(f"The model gives no number for {missing:,} of {len(scores):,} applications with values.")
    known = scores[~np.isnan(scores)]
    outside = (known < -ROUNDING) | (known > 1 + ROUNDING)
    if outside.any():
        raise UnfitModelError(
            f"The model's answers are no probabilities: {outside.sum():,} of {len(known):,} lie outside 0 to 1 "
            f"({known.min():.4g} to {known.max():.4g}). Is it a regressor, or are they points?"
        )
    values = np.unique(known)
    if len(values) < 2:
        raise UnfitModelError(
            "The model gives all applications the same probability. Do its columns arrive as it knows?"
        )
    if np.isin(values, (0.0, 1.0)).all():
        raise UnfitModelError("The model's answers are 0 and 1 only: decisions and no probabilities.")
    _refuse_changing(model, applications.iloc[:SAMPLE_ROWS], scores[:SAMPLE_ROWS])
    return np.clip(scores, 0.0, 1.0)


def find_idle_columns(model: ImportedModel, applications: pd.DataFrame, seed: int) -> list[str]:
    """The model's columns of which no value changes any score: the model may know their values by other words.

    Each column's values are exchanged among 2,000 rows, and scored again.
    """
    rows = applications.iloc[:SAMPLE_ROWS]
    before, idle = model.score(rows), []
    order = np.random.default_rng(seed).permutation(len(rows))
    derived = {options["name"] for options in model.passport.derived}
    for name in model.passport.columns:
        if name in derived or rows[name].nunique() < 2:
            continue
        mixed = rows.assign(**{name: rows[name].iloc[order].array})
        if np.array_equal(model.score(mixed), before, equal_nan=True):
            idle.append(name)
    return idle


def _try(model: ImportedModel, applications: pd.DataFrame) -> Floats:
    """The scores, or what the lender's model said of them, which the person at the terminal may read."""
    try:
        return model.score_raw(applications)
    except ModelScoreError as error:
        cause = error.__cause__
        said = (
            "" if cause is None or str(cause) == str(error) else f" It said: {type(cause).__name__}: {str(cause)[:300]}"
        )
        raise UnfitModelError(f"{error}{said}") from cause


def _refuse_changing(model: ImportedModel, rows: pd.DataFrame, scores: Floats) -> None:
    again, reverse = model.score_raw(rows), model.score_raw(rows.iloc[::-1])[::-1]
    if not np.array_equal(again, model.score_raw(rows), equal_nan=True):
        raise UnfitModelError("The model gives the same applications other probabilities each time.")
    for other in (again, reverse):
        if np.nanmax(np.abs(other - scores), initial=0.0) > SAME:
            raise UnfitModelError(
                "The model's probability of an application depends on the other applications that it scores with it. A "
                "champion scores each by itself."
            )
