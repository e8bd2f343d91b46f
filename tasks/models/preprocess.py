"""Preprocess: from extracted applications to rows for training, testing and scoring.

The conversion of their columns to a model's matrix is fitted and saved with the model: see `tasks/models/features.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tasks.contract.columns import Column, Role
from tasks.contract.contract import Contract
from tasks.core.arrays import Floats, Keys, Mask
from tasks.extract.extract import Extract
from tasks.extract.labels import read_labels
from tasks.job.job import Job
from tasks.job.stage import stage
from tasks.quality.ripeness import Ripeness

KEPT_ROLES = (Role.FEATURE, Role.PROTECTED)


@dataclass(frozen=True)
class Prepared:
    """Applications with the data for training, testing and scoring; every array has one entry per row.

    `labels` is 1 for the positive label, 0 for the other, NaN while the decision is unknown. `days` is the day of
    the application. `keys` is a hash of the customer (of the application, if the customer is unknown): rows of one
    customer share a key, which keeps them in one cross-validation fold.
    """

    applications: pd.DataFrame
    labels: Floats
    days: NDArray[np.datetime64]
    keys: Keys

    def __len__(self) -> int:
        return len(self.applications)

    @property
    def is_labelled(self) -> Mask:
        """Which rows have a known decision."""
        return ~np.isnan(self.labels)

    def take(self, rows: Mask) -> Prepared:
        """The rows where the mask is true."""
        return Prepared(self.applications.loc[rows], self.labels[rows], self.days[rows], self.keys[rows])


def prepare(contract: Contract, applications: pd.DataFrame) -> Prepared:
    """Split extracted applications into features, labels, days and customer keys.

    Protected columns are kept for the reports by segment; the model's pipeline ignores them.
    """
    labels = read_labels(contract, applications)
    identity = applications[contract.id.name]
    if contract.customer is not None:
        identity = applications[contract.customer.name].where(applications[contract.customer.name].notna(), identity)
    # Views, as a copy of a million rows' features costs as much as the frame.
    kept = {column.name: applications[column.name].array for column in contract.columns if column.role in KEPT_ROLES}
    return Prepared(
        pd.DataFrame(kept, copy=False),
        labels,
        applications[contract.time.name].to_numpy("datetime64[D]"),
        # Almost all customers differ: looking for equal ones first would cost more than it saves.
        pd.util.hash_array(identity.astype(str).to_numpy(object), categorize=False),
    )


def concatenate(parts: list[Prepared]) -> Prepared:
    """The rows of several windows as one."""
    return Prepared(
        union_rows([part.applications for part in parts]),
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.days for part in parts]),
        np.concatenate([part.keys for part in parts]),
    )


def union_rows(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """The frames concatenated; a category column keeps its type, with the categories of all frames."""
    whole = pd.concat(frames, ignore_index=True)
    for name in whole.columns:
        if all(isinstance(frame[name].dtype, pd.CategoricalDtype) for frame in frames):
            whole[name] = pd.api.types.union_categoricals([frame[name] for frame in frames])
    return whole


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


@stage(
    "preprocess", lambda prepared: f"{prepared.is_labelled.sum():,} of {len(prepared):,} with a decision that counts"
)
def preprocess(job: Job, extract: Extract, ripeness: Ripeness) -> Prepared:
    """The window for training and testing; decisions of days that are not ripe do not count."""
    prepared = prepare(job.contract, extract.applications)
    return replace(prepared, labels=ripeness.mask(prepared.labels, prepared.days))
