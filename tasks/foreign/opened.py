"""A model whose file was read: what it says of itself, and its probabilities."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import pandas as pd

from tasks.contract.contract import Contract
from tasks.contract.words import fold, write_word
from tasks.core.arrays import Floats
from tasks.foreign.errors import UnfitModelError


class OpenedModel(ABC):
    """A fitted classifier of two classes, as far as its file tells.

    Parameters
    ----------
    columns
        The names of its columns in its order; None where it was fitted without names.
    width
        How many columns it takes; None where it does not say.
    classes
        The two classes in the order of the probabilities; None where it does not say.
    """

    columns: tuple[str, ...] | None
    width: int | None
    classes: tuple[Any, Any] | None

    @abstractmethod
    def predict(self, frame: pd.DataFrame, place: int) -> Floats:
        """The probability of one of the two classes for each row of a frame with the model's columns."""

    def learn_classes(self, frame: pd.DataFrame) -> None:
        """Learn the classes' names from the answer to a few rows, where only that tells them."""
        return

    def refuse_types(self, numbers: frozenset[str], booleans: frozenset[str]) -> None:
        """Raises UnfitModelError where the model takes a text for a number, or the other way round; by default never.

        `numbers` are the columns that are numbers in the contract, `booleans` those with the values false and true.
        """
        return


def find_columns(opened: OpenedModel, stated: tuple[str, ...]) -> tuple[str, ...]:
    """The model's columns: its own names, or those that a person stated for one without. Raises UnfitModelError."""
    if opened.columns is not None:
        if stated and stated != opened.columns:
            raise UnfitModelError(
                f"The model names its columns itself: {', '.join(opened.columns)}. Leave `columns` out."
            )
        return opened.columns
    if not stated:
        count = "" if opened.width is None else f" {opened.width}"
        raise UnfitModelError(
            f"The model was fitted without names of columns. Name its{count} columns in its order with `columns`, such "
            "as --columns annual_income --columns credit_score."
        )
    if opened.width is not None and opened.width != len(stated):
        raise UnfitModelError(f"The model takes {opened.width} columns, and `columns` names {len(stated)}.")
    return stated


def find_place(contract: Contract, classes: tuple[Any, Any] | None, stated: str | None) -> tuple[int, str]:
    """Which of the two probabilities is that of the target's positive value, and a sentence on how that is known.

    Raises UnfitModelError where the classes do not tell.
    """
    names = [fold(str(write_word(name))) for name in classes or (0, 1)]
    if stated is not None:
        if fold(stated) not in names:
            raise UnfitModelError(f"The model has no class {stated!r}; it has {names[0]!r} and {names[1]!r}.")
        place = names.index(fold(stated))
        return place, f"Its class {names[place]!r} is “{contract.positive}”, as stated."
    meant = {name: contract.target.aliases.get(name, name) for name in names}
    for place, name in enumerate(names):
        if meant[name] == contract.positive and meant[names[1 - place]] != contract.positive:
            return place, f"Its class {name!r} is “{contract.positive}”."
    for words in (("0", "1"), ("false", "true")):
        if set(names) == set(words):
            place = names.index(words[1])
            return place, f"Its class {words[1]!r} is taken for “{contract.positive}”."
    raise UnfitModelError(
        f"The model's classes are {names[0]!r} and {names[1]!r}; the contract's target is “{contract.positive}” or "
        f"“{contract.negative}”. Say with `positive` which class means “{contract.positive}”."
    )
