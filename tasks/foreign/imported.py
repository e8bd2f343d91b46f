"""Imported models: fitted elsewhere, read from a file of the lender's, and computed here."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tasks.core.arrays import Floats
from tasks.foreign.errors import ModelScoreError, UnfitModelError
from tasks.foreign.formats import open_model
from tasks.foreign.model import ForeignModel
from tasks.foreign.opened import OpenedModel
from tasks.foreign.passport import Passport

CHUNK_ROWS = 100_000
ROUNDING = 1e-5  # how far outside 0 to 1 single precision may lead


class ImportedModel(ForeignModel):
    """A model with the bytes of its file, its passport, and the model that was read from them."""

    def __init__(self, form: str, content: bytes, passport: Passport, opened: OpenedModel | None = None) -> None:
        self.form, self.content, self.passport = form, content, passport
        self._opened = open_model(form, content, passport.trusted) if opened is None else opened

    def score(self, applications: pd.DataFrame) -> Floats:
        """The probability of the positive label for each row; NaN where the model gives none of 0 to 1.

        Raises ModelScoreError where it cannot score the rows.
        """
        scores = self.score_raw(applications)
        scores[(scores < -ROUNDING) | (scores > 1 + ROUNDING)] = np.nan
        return np.clip(scores, 0.0, 1.0)

    def score_raw(self, applications: pd.DataFrame) -> Floats:
        """The model's own answers. Raises ModelScoreError."""
        scores = np.full(len(applications), np.nan)
        for start in range(0, len(applications), CHUNK_ROWS):
            part = applications.iloc[start : start + CHUNK_ROWS]
            scores[start : start + len(part)] = self._predict(part)
        return scores

    def _predict(self, applications: pd.DataFrame) -> Floats:
        try:
            answer = self._opened.predict(self.passport.make_frame(applications), self.passport.place)
        except UnfitModelError as error:
            raise ModelScoreError(str(error)) from error
        except Exception as error:  # whatever the lender's model raises
            raise ModelScoreError(
                f"The imported model {self.passport.file} cannot score these applications ({type(error).__name__}). "
                "Typical causes are missing values or categories that it does not know."
            ) from error
        if answer.shape != (len(applications),):
            raise ModelScoreError(
                f"The imported model {self.passport.file} gave {answer.shape} numbers for {len(applications):,} rows."
            )
        return answer

    def __reduce__(self) -> tuple[object, ...]:
        """The runtime of ONNX does not pickle: a copy reads the file's bytes again."""
        return type(self), (self.form, self.content, self.passport)
