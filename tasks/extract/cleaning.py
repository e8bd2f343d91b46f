"""Cleaning: a column as models read it, and the contract's derived features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from tasks.contract.columns import Column


def clean_column(column: Column, values: pd.Series) -> pd.Series:
    """A column as a model reads it: categories as objects, numbers without special values and infinities."""
    return clean_numbers(values, list(column.special)) if column.type == "number" else clean_categories(values)


def clean_categories(values: pd.Series) -> pd.Series:
    """Categories as objects, NaN where one is missing."""
    return values.astype(object).where(values.notna(), np.nan)


def clean_numbers(values: pd.Series, special: list[float]) -> pd.Series:
    """Numbers, NaN for special values and infinities."""
    numbers = values.astype(float)
    return numbers.mask(numbers.isin(special) | np.isinf(numbers))


def derive(derived: Mapping[str, Any], features: Mapping[str, pd.Series]) -> pd.Series:
    """A derived feature, given by its options, of cleaned features."""
    if derived["record"]:
        return pd.concat([features[name].notna() for name in derived["record"]], axis=1).any(axis=1).astype(float)
    denominator = features[derived["denominator"]]
    with np.errstate(over="ignore"):
        ratio: pd.Series = derived["factor"] * features[derived["numerator"]] / denominator.mask(denominator == 0)
    return ratio.mask(np.isinf(ratio))
