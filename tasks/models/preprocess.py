"""Preprocess: from extracted applications to rows for training, testing and scoring.

The conversion of their columns to a model's matrix is fitted and saved with the model: see `tasks/models/features.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tasks.contract.columns import Role
from tasks.contract.contract import Contract
from tasks.core.arrays import Floats, Integers, Keys, Mask
from tasks.core.whole_rows import Sample
from tasks.extract.extract import Extract
from tasks.extract.labels import read_labels
from tasks.job.job import Job
from tasks.job.stage import stage
from tasks.models.customers import hash_keys
from tasks.registry.versions import Champion

KEPT_ROLES = (Role.FEATURE, Role.PROTECTED, Role.SCORE, Role.DECISION, Role.MODEL_VERSION)


@dataclass(frozen=True)
class Prepared:
    """Applications with the data for training, testing and scoring; every array has one entry per row.

    `labels` is 1 for the positive label, 0 for the other, NaN while the decision is unknown. `days` is the day of
    the application. `keys` is a hash of the customer (of the application, if the customer is unknown): rows of one
    customer share a key, which keeps them in one cross-validation fold. `told_by` names the columns by which customers
    are told apart where the contract names none. `refused` says which applications will never have a label (see
    `tasks/models/refused.py`); None where all get one. Of a window that is too large for a frame `applications` hold
    the words only, and `kept` the rows whose values are known in full. Rows drawn from a larger window are a `share` of
    it.
    """

    applications: pd.DataFrame
    labels: Floats
    days: NDArray[np.datetime64]
    keys: Keys
    told_by: tuple[str, ...] = ()
    refused: Mask | None = None
    kept: Sample | None = None
    share: float = 1.0

    def __len__(self) -> int:
        return len(self.applications)

    @property
    def is_labelled(self) -> Mask:
        """Which rows have a known decision."""
        return ~np.isnan(self.labels)

    @property
    def in_full(self) -> Prepared:
        """The rows whose values are all known: every row, or those of some customers."""
        if self.kept is None:
            return self
        picked = self._pick(self.kept.applications, self.kept.places)
        return replace(picked, share=len(picked) / max(len(self), 1))

    def is_since(self, day: date) -> Mask:
        """Which rows are of that day or later."""
        return np.asarray(self.days >= np.datetime64(day, "D"))

    def take(self, rows: Mask) -> Prepared:
        """The rows where the mask is true."""
        return self._pick(self.applications.loc[rows], rows)

    def _pick(self, applications: pd.DataFrame, rows: Mask | Integers) -> Prepared:
        """Some rows, of which these are the applications."""
        refused = None if self.refused is None else self.refused[rows]
        labels, days, keys = self.labels[rows], self.days[rows], self.keys[rows]
        return Prepared(applications, labels, days, keys, self.told_by, refused, share=self.share)


def prepare(contract: Contract, applications: pd.DataFrame, told_by: tuple[str, ...] = ()) -> Prepared:
    """Split extracted applications into features, labels, days and customer keys.

    Protected columns are kept for the reports by segment, and those of the lender's own model for its scores; a
    pipeline ignores them. `told_by`: see `Prepared`.
    """
    labels = read_labels(contract, applications)
    return Prepared(
        keep_columns(contract, applications),
        labels,
        applications[contract.time.name].to_numpy("datetime64[D]"),
        hash_keys(contract, applications, told_by),
        told_by,
    )


def keep_columns(contract: Contract, applications: pd.DataFrame) -> pd.DataFrame:
    """The columns that models and reports need, as views: a copy of a million rows costs as much as the frame."""
    names = [column.name for column in contract.columns if column.role in KEPT_ROLES]
    return pd.DataFrame({name: applications[name].array for name in names}, copy=False)


def prepare_extract(contract: Contract, extract: Extract, told_by: tuple[str, ...]) -> Prepared:
    """The same of a window as it was read; of one that is too large for a frame, from what is kept of every row."""
    whole = extract.whole
    if whole is None:
        return prepare(contract, extract.applications, told_by)
    kept = Sample(keep_columns(contract, extract.applications), whole.places)
    labels = read_labels(contract, whole.categories)
    return Prepared(whole.categories, labels, whole.days, whole.keys, told_by, kept=kept)


def concatenate(parts: list[Prepared]) -> Prepared:
    """The rows of several windows as one."""
    parts = [part.in_full for part in parts]
    is_known = any(part.refused is not None for part in parts)
    refused = [np.zeros(len(part), bool) if part.refused is None else part.refused for part in parts]
    return Prepared(
        union_rows([part.applications for part in parts]),
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.days for part in parts]),
        np.concatenate([part.keys for part in parts]),
        parts[0].told_by,
        np.concatenate(refused) if is_known else None,
        share=sum(map(len, parts)) / max(sum(len(part) / part.share for part in parts), 1e-9),
    )


def union_rows(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """The frames concatenated; a category column keeps its type, with the categories of all frames."""
    # Column by column: together, categories that differ between the frames would become texts on the way.
    columns = {name: _join_column([frame[name] for frame in frames]) for name in frames[0].columns}
    return pd.DataFrame(columns, copy=False)


def _join_column(parts: list[pd.Series]) -> Any:
    if all(isinstance(part.dtype, pd.CategoricalDtype) for part in parts):
        return _unite(parts)
    return pd.concat(parts, ignore_index=True)


def _unite(parts: list[pd.Series]) -> pd.Categorical:
    """A category column of several frames; one without any category is of no type that matters."""
    held = next((part.cat.categories for part in parts if len(part.cat.categories)), parts[0].cat.categories)
    none = pd.Index([], dtype=held.dtype)
    typed = [part if len(part.cat.categories) else part.cat.set_categories(none) for part in parts]
    united: pd.Categorical = pd.api.types.union_categoricals(typed)
    return united


@stage("preprocess", lambda prepared: f"{prepared.is_labelled.sum():,} of {len(prepared):,} with a decision")
def preprocess(job: Job, extract: Extract, champion: Champion) -> Prepared:
    """The window for training and testing."""
    return prepare_extract(job.contract, extract, champion.bundle.profile.told_by)
