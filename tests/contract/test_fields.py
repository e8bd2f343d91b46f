"""The fields of a contract: what each may hold, and what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tasks.contract.columns import Column, Role, Source
from tasks.contract.contract import Contract

COLUMNS: list[dict[str, Any]] = [
    {"name": "id", "role": "id"},
    {"name": "at", "role": "time"},
    {"name": "decision", "role": "target", "type": "boolean", "positive": True},
    {"name": "amount", "type": "number"},
]


def make_contract(*columns: dict[str, Any], **options: Any) -> Contract:
    return Contract.model_validate({"name": "c", "query": "c.sql", "column": [*COLUMNS, *columns]} | options)


def make_column(**options: Any) -> Column:
    return Column.model_validate({"name": "x", "type": "number"} | options)


def test_a_contract_may_be_short() -> None:
    contract = make_contract()
    assert [column.type for column in contract.columns] == ["text", "time", "category", "number"]
    assert contract.columns[3].role is Role.FEATURE
    assert (contract.positive, contract.negative, contract.timezone) == ("true", "false", "UTC")


def test_columns_have_what_the_contract_says_of_all() -> None:
    columns = ({"name": "usd", "type": "number", "decimal": "."}, {"name": "word", "type": "category"})
    contract = make_contract(*columns, decimal=",", timezone="Europe/Berlin")
    assert [column.decimal for column in contract.columns] == [None, None, None, ",", ".", None]
    assert {column.timezone for column in contract.columns} == {"Europe/Berlin"}
    assert Contract.model_validate(contract.model_dump(by_alias=True)) == contract


def test_undecided_values_are_missing() -> None:
    decision = {"name": "d", "role": "target", "type": "category", "positive": "yes", "negative": "no"}
    columns = [*COLUMNS[:2], decision | {"undecided": ["Pending", 9]}, COLUMNS[3]]
    contract = make_contract(column=columns, missing=["n/a"])
    assert contract.list_missing(contract.target) == {"n/a", "pending", "9"}
    assert contract.list_missing(contract.column("amount")) == {"n/a"}


def test_an_integer_is_a_number_and_a_boolean_a_category() -> None:
    integer, boolean = make_column(type="integer", min=0), make_column(type="boolean", aliases={"Ja": True})
    assert (integer.type, integer.whole, integer.is_boolean) == ("number", True, False)
    assert (boolean.type, boolean.allowed, boolean.is_boolean) == ("category", ("false", "true"), True)
    assert boolean.aliases["ja"] == boolean.aliases["1"] == "true"
    assert [Column.model_validate(column.model_dump()) for column in (integer, boolean)] == [integer, boolean]


def test_words_are_folded_as_values_are() -> None:
    column = make_column(type="category", allowed=["Own\u00a0Home", "RENT", 3], aliases={"Cafe\u0301 ": "Rent"})
    assert column.allowed == ("own home", "rent", "3")
    assert column.aliases == {"caf\u00e9": "rent"}
    assert make_column(type="category", ordered=["A", True]).ordered == ("a", "true")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"decimal": ";"}, "Input should be '.' or ','"),
        ({"type": "category", "decimal": ","}, "`decimal` belongs to a number column"),
        ({"type": "category", "affixes": ["%"]}, "`affixes` belongs to a number column"),
        ({"affixes": ["10 %"]}, "'10 %' cannot be told from a number"),
        ({"affixes": ["-"]}, "'-' cannot be told from a number"),
        ({"formats": ["%Y"]}, "`formats` belongs to the time column"),
        ({"source": "x" * 64}, "1 to 63 bytes"),
        ({"source": "é" * 32}, "1 to 63 bytes"),
        ({"source": " "}, "1 to 63 bytes"),
        ({"type": "boolean", "allowed": ["ja", "nein"]}, "a boolean has the values false and true"),
        ({"type": "category", "whole": True}, "`whole` belongs to a number column"),
        ({"undecided": ["x"]}, "belong to the target"),
        ({"name": "Applied At"}, "under such a name (`as …`); `source` may hold"),
        ({"type": "time"}, "a feature must be"),
        ({"type": "float"}, "'boolean' or 'time'"),
    ],
)
def test_a_wrong_option_of_a_column(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError) as error:
        make_column(**options)
    assert told in str(error.value)


@pytest.mark.parametrize("affix", ["%", "months", "EUR", ".-", "m2", "p. a.", "§"])
def test_affixes(affix: str) -> None:
    assert make_column(affixes=[affix]).affixes == (affix.lower(),)


@pytest.mark.parametrize("form", ["%d.%m.%Y", "%b-%Y", "%m/%d/%y %H:%M", "unix", "unix_ms", "days since 1960-01-01"])
def test_formats(form: str) -> None:
    assert make_column(role="time", type="time", formats=[form]).formats == (form,)


@pytest.mark.parametrize("form", ["", "DD.MM.YYYY", "%H:%M", "days since soon", "unix_s", "100%"])
def test_what_is_no_format(form: str) -> None:
    with pytest.raises(ValidationError, match="formats"):
        make_column(role="time", type="time", formats=[form])


@pytest.mark.parametrize("zone", ["", "Berlin", "../UTC", "/etc/localtime", "Europe", "UTC\0"])
def test_what_is_no_time_zone(zone: str) -> None:
    with pytest.raises(ValidationError, match="timezone"):
        make_contract(timezone=zone)


def test_a_source_names_its_file_and_how_it_is_written() -> None:
    source = Source.model_validate({"table": "loans", "columns": ["Applied At", "Größe"], "separator": "\t"})
    assert (source.file_name, source.typed, source.encoding) == ("loans.csv", False, None)
    assert Source(table="loans", columns=(), file="Loans 2024.csv").file_name == "Loans 2024.csv"
    for wrong in ({"separator": ";;"}, {"encoding": "utf-99"}, {"columns": [""]}):
        with pytest.raises(ValidationError):
            Source.model_validate({"table": "loans", "columns": []} | wrong)
