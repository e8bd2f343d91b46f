"""The form of a request, made from the contract: a field for every column, of which the features are read.

Features are read as the batch reads them, and judged no more strictly: a number outside the contract's range or a word
that it does not name is scored, and told. What cannot be read at all is an error here: a caller can correct it.
"""

from __future__ import annotations

import math
from collections.abc import Set
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Union

from pydantic import (
    AllowInfNan,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    create_model,
)

from deployments.api.limits import describe
from tasks.contract.columns import Column
from tasks.contract.contract import Contract
from tasks.contract.words import write_word
from tasks.extract import parsing
from tasks.extract.parsing import UnreadableTextError
from tasks.extract.query_results import describe_numbers

MOST_APPLICATIONS = 1_000
MOST_ID_CHARACTERS = 200


class Form(BaseModel):
    """The base of the contract's form: an unknown column is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True)
class Unread:
    """An application of a list that cannot be read: its id where that can, and pydantic's errors."""

    id: str | int | None
    errors: tuple[Any, ...]


def make_form(contract: Contract) -> type[Form]:
    """A model with every feature column, required and nullable, and optionally the contract's other columns.

    Numbers may be texts in the lender's format (`$1,234.50`); categories may be in any case. Of the other columns the
    application's id is returned, and the rest is not looked at: a whole record may be sent.
    """
    fields: dict[str, Any] = {contract.id.name: (_ID, Field(None, description="Returned unchanged."))}
    for column in contract.columns:
        if column in contract.features:
            make_type = _type_number if column.type == "number" else _type_category
            read = make_type(column, contract.list_missing(column))
            fields[column.name] = (read, Field(description=describe(column)))
        elif column is not contract.id:
            fields[column.name] = (Any, Field(None, description=f"No feature ({column.role}): accepted and ignored."))
    return create_model("Application", __base__=Form, **fields)


def make_body(contract: Contract) -> Any:
    """One application as a Form, or a list of at most 1,000, each as a Form or, if it cannot be read, as an Unread."""
    form = make_form(contract)
    row = _keep(contract, form)
    many = Annotated[list[row], Field(min_length=1, max_length=MOST_APPLICATIONS)]  # type: ignore[valid-type]
    return Annotated[
        Union[Annotated[form, Tag("one")], Annotated[many, Tag("many")]],  # noqa: UP007 - made at run time
        Discriminator(_discriminate),
    ]


def make_row(contract: Contract) -> Any:
    """One application of a list: as a Form or, if it cannot be read, as an Unread."""
    return _keep(contract, make_form(contract))


def _keep(contract: Contract, form: type[Form]) -> Any:
    return Annotated[form, WrapValidator(partial(_keep_errors, contract.id.name))]


def _keep_errors(id_name: str, value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    try:
        return read(value)
    except ValidationError as error:
        return Unread(_find_id(value, id_name), tuple(error.errors(include_url=False, include_input=False)))


def _find_id(value: Any, id_name: str) -> str | int | None:
    try:
        return read_id(value.get(id_name) if isinstance(value, dict) else None)
    except ValueError:
        return None


def read_id(value: Any) -> str | int | None:
    """An id as it is; what cannot be given back is an error."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("must be a text, a whole number or null")
    if len(str(value)) > MOST_ID_CHARACTERS:
        raise ValueError(f"must have at most {MOST_ID_CHARACTERS} characters")
    str(value).encode()
    return value


_ID = Annotated[str | int | None, BeforeValidator(read_id)]


def _discriminate(body: Any) -> str:
    return "many" if isinstance(body, list) else "one"


def _type_number(column: Column, missing: Set[str]) -> Any:
    return Annotated[float | None, AllowInfNan(False), BeforeValidator(partial(read_number, column, missing))]


def _type_category(column: Column, missing: Set[str]) -> Any:
    return Annotated[str | None, BeforeValidator(partial(read_word, column, missing))]


def read_number(column: Column, missing: Set[str], value: Any) -> float | None:
    """A number as the batch reads it; null and a missing-value text are None."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("must be a number or null")
    try:
        if isinstance(value, str):
            number = parsing.read_number(value, missing, describe_numbers(column))
            return None if math.isnan(number) else number
        number = float(value)
    except (UnreadableTextError, OverflowError):
        raise ValueError(f"must be a {'whole number' if column.whole else 'number'} or null") from None
    if not math.isfinite(number):
        raise ValueError("must be a finite number or null")
    if column.whole and not number.is_integer():
        raise ValueError("must be a whole number or null")
    return number


def read_word(column: Column, missing: Set[str], value: Any) -> str | None:
    """A category as the batch reads it; null and a missing-value text are None."""
    if value is None:
        return None
    word = write_word(value)  # the lender's words may be numbers, or true and false
    if not isinstance(word, str):
        raise ValueError("must be a text or null")
    return parsing.read_category(word, column.aliases, missing, column.categories or ())
