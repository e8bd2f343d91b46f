"""Profile: what is kept of the reference that a model was fitted on, to compare later windows with.

The levels of every column with their counts, over all rows; and of at most 20,000 rows the codes of their levels, the
label and the score. No value of an applicant and no identifier is in it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from blocks.errors import UsageError
from tasks.contract.contract import Contract
from tasks.core.arrays import Codes, Floats, Integers, sample_rows
from tasks.core.scored_window import ScoredWindow
from tasks.profile.bins import MISSING, Bins, fit_bins
from tasks.statistics.auc import Auc, measure_auc

ORIGINS = ("out_of_fold", "holdout")
SAMPLE_ROWS = 20_000


class OriginError(UsageError):
    """The reference's scores come from a model that has seen the rows."""


@dataclass(frozen=True, eq=False)
class Profile:
    """The reference, by its counts.

    `rows`, `labelled` and `positive` count all rows of the reference, those with a label and those with the positive
    one. `counts` holds one array for each column, by code. `masks` names which rows of a column are missing: columns
    that are missing together share one. `auc` is the reference's, over all labelled rows, or None with one label only.
    `codes`, `labels` and `scores` are a sample: row by column, and one entry for each row.
    """

    columns: tuple[Bins, ...]
    counts: tuple[Integers, ...]
    masks: tuple[str, ...]
    rows: int
    labelled: int
    positive: int
    auc: Auc | None
    origin: str
    codes: Codes
    labels: Floats
    scores: Floats

    def encode(self, applications: pd.DataFrame) -> Codes:
        """The codes of a window: row by column. A column that the window lacks is missing in every row."""
        codes = np.zeros((len(applications), len(self.columns)), dtype=np.int32, order="F")
        for place, bins in enumerate(self.columns):
            if bins.name in applications:
                codes[:, place] = bins.encode(applications[bins.name])
        return codes

    def decode(self, codes: Codes) -> pd.DataFrame:
        """A value that stands for each code: an interval's middle, a special value, a category."""
        return pd.DataFrame({bins.name: bins.decode(codes[:, place]) for place, bins in enumerate(self.columns)})


def fit_profile(contract: Contract, reference: ScoredWindow, *, origin: str, seed: int) -> Profile:
    """The profile of a reference: its features, labels and scores.

    `origin` says where the scores come from: `out_of_fold` or `holdout`. A model scores rows that it was fitted on
    better than any other, so that with such scores every later window would look like drift.
    Raises OriginError for any other origin.
    """
    if origin not in ORIGINS:
        raise OriginError(
            f"A reference needs scores of rows that the model has not seen ({' or '.join(ORIGINS)}), not {origin!r}: "
            "score each row by a fold that was fitted without it, or use rows that were held out."
        )
    applications, labels, scores = reference.applications, reference.labels, reference.scores
    missing = pd.Series(np.nan, index=applications.index)
    columns = tuple(fit_bins(column, applications.get(column.name, missing)) for column in contract.features)
    bare = Profile(columns, (), (), len(applications), 0, 0, None, origin, np.empty((0, 0), np.int32), scores, scores)
    codes = bare.encode(applications)
    known = ~np.isnan(labels)
    has_both = len(np.unique(labels[known])) > 1
    sample = sample_rows(len(codes), SAMPLE_ROWS, seed)
    return Profile(
        columns,
        count_levels(columns, codes),
        hash_masks(codes),
        len(applications),
        int(known.sum()),
        int(np.sum(labels == 1)),
        measure_auc(labels[known], scores[known]) if has_both else None,
        origin,
        codes[sample],
        labels[sample],
        np.asarray(scores, dtype=np.float64)[sample],
    )


def count_levels(columns: tuple[Bins, ...], codes: Codes) -> tuple[Integers, ...]:
    """The rows of every code, column by column."""
    return tuple(np.bincount(codes[:, place], minlength=bins.levels + 1) for place, bins in enumerate(columns))


def hash_masks(codes: Codes) -> tuple[str, ...]:
    """A name for which rows are missing, column by column."""
    packed = (np.packbits(codes[:, place] == MISSING).tobytes() for place in range(codes.shape[1]))
    return tuple(hashlib.blake2b(bits, digest_size=8).hexdigest() for bits in packed)
