"""Customers: a key for the customer of each row, and what is said where repeated values tell who it is."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tasks.contract.contract import Contract
from tasks.core.arrays import Keys
from tasks.core.findings import Finding, Question, Verdict
from tasks.core.wording import join_list
from tasks.quality.hashes import hash_frame_rows


def hash_keys(contract: Contract, applications: pd.DataFrame, told_by: tuple[str, ...] = ()) -> Keys:
    """A hash of each row's customer; of the application, if the customer is unknown.

    Where the contract names no customer, rows that are equal in all columns of `told_by` are of one; a row that lacks
    one of their values stands alone.
    """
    identity = applications[contract.id.name]
    if contract.customer is not None:
        identity = applications[contract.customer.name].where(applications[contract.customer.name].notna(), identity)
    # Almost all customers differ: looking for equal ones first would cost more than it saves.
    keys: Keys = pd.util.hash_array(identity.astype(str).to_numpy(object), categorize=False)
    names = [name for name in told_by if name in applications]
    if contract.customer is None and told_by and len(names) == len(told_by):
        is_told = applications[names].notna().all(axis=1).to_numpy()
        keys = np.where(is_told, _stir(hash_frame_rows(applications, names, np.arange(len(keys)))), keys)
    return keys


def _stir(hashes: Keys) -> Keys:
    """All bits depend on all: folds, halves and parts are chosen by different ones."""
    return pd.util.hash_array(hashes, categorize=False)


def report_customers(contract: Contract, keys: Keys, told_by: tuple[str, ...]) -> list[Finding]:
    """For information: how many rows are taken to be of a customer who comes back, though the contract names none."""
    if contract.customer is not None or not told_by:
        return []
    repeated = int(pd.Series(keys).duplicated(keep=False).sum())
    sentence = (
        f"The contract names no customer. {repeated:,} of {len(keys):,} applications repeat the values of "
        f"{join_list(told_by)} together, as only applications of one customer do, and are taken as such. Give the "
        "column that identifies the customer the role `customer`."
    )
    return [
        Finding(
            Question.QUALITY,
            "customers",
            Verdict.PASS,
            sentence,
            effect=repeated / max(len(keys), 1),
            unit="share of applications",
            columns=told_by,
        )
    ]
