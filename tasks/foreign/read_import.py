"""From a model that was read to one that scores a contract's applications."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from tasks.contract.contract import Contract
from tasks.foreign.imported import ImportedModel
from tasks.foreign.opened import OpenedModel, find_columns, find_place
from tasks.foreign.passport import write_passport


@dataclass(frozen=True)
class File:
    """A model's file: its name, format, bytes and their sum, and the types in it that a person has named as trusted."""

    name: str
    form: str
    content: bytes
    sha256: str
    trusted: tuple[str, ...] = ()


def make_imported(
    contract: Contract, file: File, opened: OpenedModel, stated: tuple[tuple[str, ...], str | None] = ((), None)
) -> tuple[ImportedModel, str]:
    """The model with its passport, and a sentence on its classes.

    `stated` are the columns of a model without names, and the class that is the positive one, as a person says.
    Raises UnfitModelError where its columns or classes do not fit the contract.
    """
    columns = find_columns(opened, stated[0])
    draft = write_passport(contract, columns, (file.name, file.sha256), file.trusted)
    opened.refuse_types(frozenset(draft.numbers) | {one["name"] for one in draft.derived}, list_booleans(contract))
    opened.learn_classes(draft.make_frame(make_row(contract)))
    place, said = find_place(contract, opened.classes, stated[1])
    return ImportedModel(file.form, file.content, replace(draft, place=place), opened), said


def list_booleans(contract: Contract) -> frozenset[str]:
    """The features with the values false and true."""
    return frozenset(column.name for column in contract.features if column.is_boolean)


def make_row(contract: Contract) -> pd.DataFrame:
    """One made-up application, for a model whose classes only an answer tells."""
    row = {
        column.name: [1.0 if column.type == "number" else (column.categories or (np.nan,))[0]]
        for column in contract.features
    }
    return pd.DataFrame(row)
