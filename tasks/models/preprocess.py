"""Preprocess: from extracted applications to rows for training, testing and scoring.

The conversion of their columns to a model's matrix is fitted and saved with the model: see `tasks/models/features.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tasks.contract.columns import Role
from tasks.contract.contract import Contract
from tasks.core.arrays import Floats, Keys, Mask
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
    `tasks/models/refused.py`); None where all get one.
    """

    applications: pd.DataFrame
    labels: Floats
    days: NDArray[np.datetime64]
    keys: Keys
    told_by: tuple[str, ...] = ()
    refused: Mask | None = None

    def __len__(self) -> int:
        return len(self.applications)

    @property
    def is_labelled(self) -> Mask:
        """Which rows have a known decision."""
        return ~np.isnan(self.labels)

    def is_since(self, day: date) -> Mask:
        """Which rows are of that day or later."""
        return np.asarray(self.days >= np.datetime64(day, "D"))

    def take(self, rows: Mask) -> Prepared:
        """The rows where the mask is true."""
        refused = None if self.refused is None else self.refused[rows]
        return Prepared(
            self.applications.loc[rows], self.labels[rows], self.days[rows], self.keys[rows], self.told_by, refused
        )


def prepare(contract: Contract, applications: pd.DataFrame, told_by: tuple[str, ...] = ()) -> Prepared:
    """Split extracted applications into features, labels, days and customer keys.

    Protected columns are kept for the reports by segment, and those of the lender's own model for its scores; a
    pipeline ignores them. `told_by`: see `Prepared`.
    """
    labels = read_labels(contract, applications)
    # Views, as a copy of a million rows' features costs as much as the frame.
    kept = {column.name: applications[column.name].array for column in contract.columns if column.role in KEPT_ROLES}
    return Prepared(
        pd.DataFrame(kept, copy=False),
        labels,
        applications[contract.time.name].to_numpy("datetime64[D]"),
        hash_keys(contract, applications, told_by),
        told_by,
    )


def concatenate(parts: list[Prepared]) -> Prepared:
    """The rows of several windows as one."""
    is_known = any(part.refused is not None for part in parts)
    refused = [np.zeros(len(part), bool) if part.refused is None else part.refused for part in parts]
    return Prepared(
        union_rows([part.applications for part in parts]),
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.days for part in parts]),
        np.concatenate([part.keys for part in parts]),
        parts[0].told_by,
        np.concatenate(refused) if is_known else None,
    )


def union_rows(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """The frames concatenated; a category column keeps its type, with the categories of all frames."""
    whole = pd.concat(frames, ignore_index=True)
    for name in whole.columns:
        if all(isinstance(frame[name].dtype, pd.CategoricalDtype) for frame in frames):
            whole[name] = pd.api.types.union_categoricals([frame[name] for frame in frames])
    return whole


@stage("preprocess", lambda prepared: f"{prepared.is_labelled.sum():,} of {len(prepared):,} with a decision")
def preprocess(job: Job, extract: Extract, champion: Champion) -> Prepared:
    """The window for training and testing."""
    return prepare(job.contract, extract.applications, champion.bundle.profile.told_by)
