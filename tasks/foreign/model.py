"""Foreign models: those that were not fitted here.

A model of our own keeps its cross-validation folds, so that the scores of its training rows are out of sample. A
foreign one scores every row alike; the days that it was fitted on can be no reference.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, Union

import numpy as np
import pandas as pd
from scipy.special import expit

from tasks.core.arrays import Floats

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


class ForeignModel(ABC):
    """Whatever scores applications by itself."""

    @abstractmethod
    def score(self, applications: pd.DataFrame) -> Floats:
        """The probability of the positive label for each row; NaN where there is none."""


# A model as a bundle holds it: a fitted pipeline of ours, or a foreign one.
Scorer: TypeAlias = Union["Pipeline", ForeignModel]


@dataclass(frozen=True)
class ScoreColumn(ForeignModel):
    """A model whose scores are a column of the table.

    Parameters
    ----------
    column
        The score's name.
    curve
        The level and slope that turn points into log odds; None where the score is a probability.
    version_column, version
        Where the table says which of several models gave a score: the column, and the version that is watched.
    """

    column: str
    curve: tuple[float, float] | None = None
    version_column: str | None = None
    version: str | None = None

    def score(self, applications: pd.DataFrame) -> Floats:
        """The probability of the positive label; NaN without a score, outside its scale, or of another version."""
        scores = applications[self.column].to_numpy(np.float64, na_value=np.nan, copy=True)
        scores[~np.isfinite(scores)] = np.nan
        if self.version_column is not None:
            scores[(applications[self.version_column] != self.version).to_numpy(bool)] = np.nan
        if self.curve is None:
            scores[(scores < 0) | (scores > 1)] = np.nan
            return scores
        level, slope = self.curve
        return np.asarray(expit(level + slope * scores), dtype=np.float64)

    def as_record(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "column": self.column,
            "curve": None if self.curve is None else list(self.curve),
            "version_column": self.version_column,
            "version": self.version,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> ScoreColumn:
        """The opposite of `as_record`."""
        curve = record["curve"]
        return cls(
            record["column"], None if curve is None else tuple(curve), record["version_column"], record["version"]
        )
