"""The form of a request, made from the contract: one field for each feature column, validated by the contract."""

from __future__ import annotations

import math
from collections.abc import Set
from functools import partial
from typing import Annotated, Any, Union

import pandas as pd
from pydantic import AllowInfNan, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, create_model

from tasks.contract.columns import Column
from tasks.contract.contract import Contract
from tasks.contract.words import find_word, write_word
from tasks.extract.parsing import UnreadableTextError, read_category, read_number
from tasks.extract.query_results import describe_numbers

MOST_APPLICATIONS = 1_000
MOST_CHARACTERS = 200


class Form(BaseModel):
    """The base of the contract's form: an unknown column is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def make_form(contract: Contract) -> type[Form]:
    """A model with every feature column, required and nullable, and optionally the application's id.

    Numbers may be texts in the lender's format (`$1,234.50`); categories may be in any case. Texts are read as the
    batch reads them.
    """
    id_field = (
        Annotated[str | None, Field(max_length=MOST_CHARACTERS)],
        Field(None, description="Returned unchanged."),
    )
    fields: dict[str, Any] = {contract.id.name: id_field}
    for column in contract.features:
        describe = _describe_number if column.type == "number" else _describe_category
        read = describe(column, contract.list_missing(column))
        fields[column.name] = (read, Field(description=_describe(column)))
    return create_model("Application", __base__=Form, **fields)


def make_body(form: type[Form]) -> Any:
    """One application, or a list of at most 1,000."""
    many = Annotated[list[form], Field(min_length=1, max_length=MOST_APPLICATIONS)]  # type: ignore[valid-type]
    return Annotated[
        Union[Annotated[form, Tag("one")], Annotated[many, Tag("many")]],  # noqa: UP007 - made at run time
        Discriminator(_discriminate),
    ]


def make_frame(contract: Contract, applications: list[Form]) -> pd.DataFrame:
    """The applications as a frame for the model's pipeline."""
    rows = [application.model_dump() for application in applications]
    frame = {}
    for column in contract.features:
        values = [row[column.name] for row in rows]
        frame[column.name] = pd.Series(values, dtype=float if column.type == "number" else object)
    return pd.DataFrame(frame)


def _discriminate(body: Any) -> str:
    return "many" if isinstance(body, list) else "one"


def _describe_number(column: Column, missing: Set[str]) -> Any:
    return Annotated[float | None, AllowInfNan(False), BeforeValidator(partial(_read_number, column, missing))]


def _describe_category(column: Column, missing: Set[str]) -> Any:
    read = BeforeValidator(partial(_read_category, column, missing))
    text = Annotated[str | None, Field(max_length=MOST_CHARACTERS), read]
    return Annotated[text, Field(json_schema_extra={"enum": [*column.categories, None]})] if column.categories else text


def _describe(column: Column) -> str:
    parts = [column.description, column.unit, " · ".join(column.categories or ())]
    parts += [f"{value:.15g} means {meaning}" for value, meaning in column.special.items()]
    return ", ".join(part for part in parts if part)


def _read_number(column: Column, missing: Set[str], value: Any) -> float | None:
    """A number inside the contract's range, or one of its special values; null and a missing-value text are None."""
    number = _convert(column, missing, value)
    if number is None or number in column.special:
        return number
    if column.min is not None and number < column.min:
        raise ValueError(f"must be at least {column.min:g}")
    if column.max is not None and number > column.max:
        raise ValueError(f"must be at most {column.max:g}")
    return number


def _convert(column: Column, missing: Set[str], value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("must be a number or null")
    try:
        number = read_number(value, missing, describe_numbers(column)) if isinstance(value, str) else float(value)
    except (UnreadableTextError, OverflowError):
        raise ValueError(f"must be a {'whole number' if column.whole else 'number'} or null") from None
    if isinstance(value, str) and math.isnan(number):
        return None
    if not math.isfinite(number):
        raise ValueError("must be a finite number or null")
    if column.whole and not number.is_integer():
        raise ValueError("must be a whole number or null")
    return number


def _read_category(column: Column, missing: Set[str], value: Any) -> str | None:
    """A category as the batch reads it; null and a missing-value text are None."""
    if value is None:
        return None
    known = column.categories or ()
    if isinstance(value, bool | int | float) and find_word(write_word(value), (*known, *column.aliases)):
        value = write_word(value)  # the contract's own words are numbers, or true and false
    if not isinstance(value, str):
        raise ValueError("must be a text or null")
    category = read_category(value, column.aliases, missing, known)
    if category is not None and column.categories is not None and category not in column.categories:
        raise ValueError(f"must be one of: {', '.join(column.categories)}")
    return category
