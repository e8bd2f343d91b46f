"""Profile: what is kept of the reference that a model was fitted on, to compare later windows with.

The levels of every column with their counts, over all rows; and of at most 20,000 rows the codes of their levels, the
label and the score. No value of an applicant and no identifier is in it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from blocks.errors import LoanwatchError, UsageError
from tasks.contract.contract import Contract
from tasks.core.scored_window import ScoredWindow
from tasks.profile.bins import MISSING, Bins, Codes, Floats, fit_bins
from tasks.statistics.auc import Auc, measure_auc

SCHEMA = "loanwatch.profile/1"
ORIGINS = ("out_of_fold", "holdout")
SAMPLE_ROWS = 20_000
LABEL, SCORE = "(label)", "(score)"


class OriginError(UsageError):
    """The reference's scores come from a model that has seen the rows."""


class ProfileError(LoanwatchError):
    """A profile's file cannot be used."""


@dataclass(frozen=True, eq=False)
class Profile:
    """The reference, by its counts.

    `rows`, `labelled` and `positive` count all rows of the reference, those with a label and those with the positive
    one. `counts` holds one array for each column, by code. `masks` names which rows of a column are missing: columns
    that are missing together share one. `auc` is the reference's, over all labelled rows, or None with one label only.
    `codes`, `labels` and `scores` are a sample: row by column, and one entry for each row.
    """

    columns: tuple[Bins, ...]
    counts: tuple[NDArray[np.int64], ...]
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
        """A value that stands for each code: an interval's middle, a special value, a word."""
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


def sample_rows(rows: int, most: int, seed: int) -> NDArray[np.int64]:
    """The positions of all rows, or of `most` of them drawn at random, in their order."""
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))


def count_levels(columns: tuple[Bins, ...], codes: Codes) -> tuple[NDArray[np.int64], ...]:
    """The rows of every code, column by column."""
    return tuple(np.bincount(codes[:, place], minlength=bins.levels + 1) for place, bins in enumerate(columns))


def hash_masks(codes: Codes) -> tuple[str, ...]:
    """A name for which rows are missing, column by column."""
    packed = (np.packbits(codes[:, place] == MISSING).tobytes() for place in range(codes.shape[1]))
    return tuple(hashlib.blake2b(bits, digest_size=8).hexdigest() for bits in packed)


def save_profile(profile: Profile, path: Path) -> None:
    """Write the profile as one Parquet file: the sample as its rows, all else as its metadata."""
    names = [bins.name for bins in profile.columns]
    arrays = [pa.array(profile.codes[:, place]) for place in range(len(names))]
    table = pa.table([*arrays, pa.array(profile.labels), pa.array(profile.scores)], names=[*names, LABEL, SCORE])
    described = json.dumps(_describe(profile), ensure_ascii=False, allow_nan=False)
    pq.write_table(table.replace_schema_metadata({"loanwatch": described}), path, compression="zstd")


def load_profile(path: Path) -> Profile:
    """Read what `save_profile` wrote. Raises ProfileError."""
    try:
        table = pq.read_table(path)
        described = json.loads((table.schema.metadata or {})[b"loanwatch"])
        if described["schema"] != SCHEMA:
            raise ProfileError(
                f"The profile {path} has the form {described['schema']}; this version of loanwatch reads {SCHEMA}. "
                "Train a new champion with `python -m flows.train`."
            )
        return _restore(described, table)
    except (OSError, KeyError, ValueError, TypeError, pa.ArrowException) as error:
        raise ProfileError(
            f"{path} is no profile that can be read ({type(error).__name__}). Restore it, or train a new champion "
            "with `python -m flows.train`."
        ) from None


def _describe(profile: Profile) -> dict[str, Any]:
    auc = profile.auc
    return {
        "schema": SCHEMA,
        "origin": profile.origin,
        "rows": profile.rows,
        "labelled": profile.labelled,
        "positive": profile.positive,
        "auc": None if auc is None else [auc.value, auc.variance],
        "columns": [
            {
                "name": bins.name,
                "is_number": bins.is_number,
                "is_ordered": bins.is_ordered,
                "unit": bins.unit,
                "edges": bins.edges.tolist(),
                "special": [[value, meaning] for value, meaning in bins.special.items()],
                "words": list(bins.words),
                "counts": counts.tolist(),
                "mask": mask,
            }
            for bins, counts, mask in zip(profile.columns, profile.counts, profile.masks, strict=True)
        ],
    }


def _restore(described: dict[str, Any], table: pa.Table) -> Profile:
    columns, counts, masks = [], [], []
    for entry in described["columns"]:
        counts.append(np.array(entry.pop("counts"), dtype=np.int64))
        masks.append(entry.pop("mask"))
        edges = np.array(entry.pop("edges"), dtype=np.float64)
        special = {float(value): meaning for value, meaning in entry.pop("special")}
        columns.append(Bins(edges=edges, special=special, words=tuple(entry.pop("words")), **entry))
    codes = [table[bins.name].to_numpy() for bins in columns]
    auc = described["auc"]
    return Profile(
        tuple(columns),
        tuple(counts),
        tuple(masks),
        described["rows"],
        described["labelled"],
        described["positive"],
        None if auc is None else Auc(*auc),
        described["origin"],
        np.asfortranarray(np.column_stack(codes).astype(np.int32)),
        table[LABEL].to_numpy(),
        table[SCORE].to_numpy(),
    )
