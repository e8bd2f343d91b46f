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
import scipy

from tasks.core.arrays import Floats, Mask

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
    special
        Numbers that are no score, such as 9999 for "not scored".
    scale
        The lowest and the highest score of the scale; None where there is no such end.
    """

    column: str
    curve: tuple[float, float] | None = None
    version_column: str | None = None
    version: str | None = None
    special: tuple[float, ...] = ()
    scale: tuple[float | None, float | None] = (0.0, 1.0)

    def score(self, applications: pd.DataFrame) -> Floats:
        """The probability of the positive label; NaN without a score, outside its scale, or of another version."""
        return self.convert(self.read_own(applications))

    def convert(self, scores: Floats) -> Floats:
        """Scores as they stand there as probabilities of the positive label: points by the curve, others untouched."""
        if self.curve is None:
            return scores
        level, slope = self.curve
        return np.asarray(scipy.special.expit(level + slope * scores), dtype=np.float64)

    def read_own(self, applications: pd.DataFrame) -> Floats:
        """The scores of the version that is watched, as they stand there; NaN elsewhere and outside the scale."""
        scores = self.read(applications)
        scores[~(self.is_watched(applications) & self.is_on_scale(scores))] = np.nan
        return scores

    def read(self, applications: pd.DataFrame) -> Floats:
        """Every score of the column, whichever model gave it; NaN without one."""
        scores = applications[self.column].to_numpy(np.float64, na_value=np.nan, copy=True)
        scores[~np.isfinite(scores) | np.isin(scores, self.special)] = np.nan
        return scores

    def is_watched(self, applications: pd.DataFrame) -> Mask:
        """Which rows are of the version that is watched."""
        if self.version_column is None:
            return np.ones(len(applications), bool)
        return (applications[self.version_column] == self.version).fillna(False).to_numpy(bool)

    def is_on_scale(self, scores: Floats) -> Mask:
        """Which scores lie on the scale; a missing one does not."""
        lowest, highest = self.scale
        on_scale = ~np.isnan(scores)
        if lowest is not None:
            on_scale &= scores >= lowest
        if highest is not None:
            on_scale &= scores <= highest
        return on_scale

    def as_record(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "column": self.column,
            "curve": None if self.curve is None else list(self.curve),
            "version_column": self.version_column,
            "version": self.version,
            "special": list(self.special),
            "scale": list(self.scale),
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> ScoreColumn:
        """The opposite of `as_record`."""
        curve = record["curve"]
        lowest, highest = record["scale"]
        return cls(
            record["column"],
            None if curve is None else tuple(curve),
            record["version_column"],
            record["version"],
            tuple(record["special"]),
            (lowest, highest),
        )
