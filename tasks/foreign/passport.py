"""The passport of an imported model: what it takes, what it gives, and where it comes from.

It stands beside the model's file in the bundle, as `imported.json`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from tasks.contract.columns import Role
from tasks.contract.contract import Contract
from tasks.extract.cleaning import clean_categories, clean_numbers, derive
from tasks.foreign.errors import UnfitModelError

PASSPORT = "imported.json"


@dataclass(frozen=True)
class Passport:
    """What is known of an imported model's file.

    Parameters
    ----------
    file, sha256
        The name and the sum of the lender's file. The bundle holds the same bytes.
    columns
        The columns and derived features that the model takes, in its order.
    numbers
        Those columns, and those that a derived feature is computed from, that are numbers, with their special values.
    derived
        The derived features among `columns`, each by its options in the contract.
    place
        Which of the model's two probabilities is that of the target's positive value: 0 or 1.
    trusted
        Types that skops does not know, and that a person has named as trusted.
    """

    file: str
    sha256: str
    columns: tuple[str, ...]
    numbers: dict[str, list[float]]
    derived: tuple[dict[str, Any], ...]
    place: int = 1
    trusted: tuple[str, ...] = ()

    def as_record(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Passport:
        """The opposite of `as_record`."""
        lists = {name: tuple(record[name]) for name in ("columns", "derived", "trusted")}
        return cls(**record | lists)

    def make_frame(self, applications: pd.DataFrame) -> pd.DataFrame:
        """The model's columns in its order: numbers as floats with NaN, categories as texts with NaN.

        Special values stay as they are in the table, since the model was fitted on them; a derived feature takes them
        as missing, as it does for a model of loanwatch's.
        """
        by_name = {options["name"]: options for options in self.derived}
        features = {name: self._read(name, applications[name]) for name in self.columns if name not in by_name}
        for name, options in by_name.items():
            inputs = options["record"] or (options["numerator"], options["denominator"])
            features[name] = derive(options, {each: self._clean(each, applications[each]) for each in inputs})
        return pd.DataFrame({name: features[name] for name in self.columns}, index=applications.index)

    def _read(self, name: str, values: pd.Series) -> pd.Series:
        return clean_numbers(values, []) if name in self.numbers else clean_categories(values)

    def _clean(self, name: str, values: pd.Series) -> pd.Series:
        return clean_numbers(values, self.numbers[name]) if name in self.numbers else clean_categories(values)


def write_passport(
    contract: Contract, columns: tuple[str, ...], source: tuple[str, str], trusted: tuple[str, ...] = ()
) -> Passport:
    """The passport of a model that takes these columns; `source` is its file's name and sum.

    Which of its probabilities is the positive one is not known yet.

    Raises UnfitModelError with every column that the model may not have.
    """
    refuse_columns(contract, columns)
    derived = [one for one in contract.derived if one.name in columns]
    needed = {*columns, *(name for one in derived for name in one.inputs)}
    numbers = {
        column.name: list(column.special)
        for column in contract.features
        if column.type == "number" and column.name in needed
    }
    return Passport(*source, columns, numbers, tuple(one.model_dump() for one in derived), trusted=trusted)


def refuse_columns(contract: Contract, columns: tuple[str, ...]) -> None:
    """Raises UnfitModelError where the model takes what is no feature of the contract."""
    known = {column.name for column in contract.features} | {derived.name for derived in contract.derived}
    others = [name for name in columns if name not in known]
    if not others and columns and len(set(columns)) == len(columns):
        return
    roles = {column.name: column.role for column in contract.columns}
    said = [
        f"`{name}` ({'not in the contract' if name not in roles else f'which has the role {roles[name]}'})"
        for name in others
    ]
    if not said:
        raise UnfitModelError("The model takes no columns, or one of them twice. Name its columns with `columns`.")
    hint = " Protected columns are reported on, and never used by a model." if Role.PROTECTED in roles.values() else ""
    raise UnfitModelError(
        f"The model takes {len(said)} columns that are no features of the contract {contract.name}: {', '.join(said)}. "
        f"Its features are {', '.join(sorted(known))}.{hint} Name the columns in the model as in the contract, or add "
        "them to the contract and its query."
    )


def count_filled(frame: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.int64]]:
    """How many values each row has."""
    return np.asarray(frame.notna().sum(axis=1), dtype=np.int64)
