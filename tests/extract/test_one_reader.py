"""Batch, CSV and API read one text as one value: missing, a number, a category, or refused."""

from __future__ import annotations

import csv
import io
import math
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from deployments.api.form import make_form
from deployments.api.rows import gather_rows, make_frame
from tasks.contract.columns import Column
from tasks.contract.contract import Contract
from tasks.contract.load import load_contract
from tasks.extract.query_results import _open_reader, read_column

SHIPPED = load_contract("loan_applications")


def with_missing(contract: Contract, *texts: str, **columns: tuple[str, ...]) -> Contract:
    """The contract with texts listed as missing, in general and for some columns."""
    described = contract.model_dump(by_alias=True, mode="json") | {"missing": texts}
    for entry in described["column"]:
        entry["missing"] = columns.get(entry["name"])
    return Contract.model_validate(described)


LISTED = with_missing(SHIPPED, "N/A", " none ", "?", "inf", purpose=("Unknown", "-"))
CONTRACTS = [SHIPPED, LISTED]
OTHER = Contract.model_validate(
    {
        "name": "other",
        "query": "other.sql",
        "decimal": ",",
        "missing": ["?"],
        "column": [
            {"name": "id", "role": "id"},
            {"name": "at", "role": "time"},
            {"name": "status", "role": "target", "type": "integer", "positive": 1},
            {"name": "amount", "type": "number", "min": 0},
            {"name": "rate", "type": "number", "decimal": ".", "affixes": ["%", "p.a."]},
            {"name": "months", "type": "integer", "affixes": ["months"]},
            {"name": "owner", "type": "boolean", "aliases": {"ja": True}},
            {"name": "grade", "type": "category", "ordered": [1, 2, 3]},
            {"name": "branch", "type": "category", "allowed": ["Zürich", "Bern\u00a0West"]},
        ],
    }
)

texts = st.one_of(
    st.sampled_from(["", " ", "none", "None", "N/A", " n/a ", "na", "NULL", "nan", "NaN", "?", "-", "unknown", "inf"]),
    st.sampled_from(["short term", "Long Term ", "rent", "HaveMortgage", "10+ years", "< 1 year", "other"]),
    st.sampled_from(["1", " $1,234.50", "-3", "1e5", "99999999", "#VALUE!", "1,2", "1e999", "٣"]),
    st.floats().map(repr),
    st.integers(-(10**9), 10**9).map(str),
    st.text(max_size=8),
    st.text("naul/onen ", max_size=5),
)
other_texts = st.one_of(
    texts,
    st.sampled_from(["1.234,50", "8.950", "8.95", "12.30%", "5 % p.a.", "36 Months", "3.0", "3,0", "3.5", "-5 €"]),
    st.sampled_from(
        ["T", "f", "YES", "n", "1.0", "0", "Ja", "2.00", "4", "Zu\u0308rich", "bern west", "Bern\u202fWest"]
    ),
    st.text("0123456789.,'% -", max_size=8),
)


def read_batch(contract: Contract, column: Column, text: str) -> Any:
    """The value that the batch scores, None where it is missing; "refused" where it cannot be read."""
    array = pa.array([text], pa.string())
    values, is_refused = read_column(
        column, array.dictionary_encode() if column.type == "category" else array, contract.list_missing(column)
    )
    (value,) = values.to_pylist()
    if is_refused is not None and is_refused[0].as_py():
        return "refused"
    return value


def read_api(contract: Contract, column: Column, text: Any) -> Any:
    """The value that the API hands to the model, None where it is missing; "refused" for 422."""
    request: dict[str, Any] = dict.fromkeys(feature.name for feature in contract.features)
    try:
        application = make_form(contract).model_validate(request | {column.name: text})
    except ValidationError:
        return "refused"
    value = make_frame(contract, gather_rows(contract, [application]).columns)[column.name].iloc[0]
    return None if value is None or (isinstance(value, float) and math.isnan(value)) else value


@pytest.mark.slow
@settings(deadline=None, max_examples=150)
@given(st.sampled_from(CONTRACTS), st.sampled_from(SHIPPED.features), texts)
@example(SHIPPED, SHIPPED.column("purpose"), "none")
@example(SHIPPED, SHIPPED.column("term"), "n/a")
@example(LISTED, SHIPPED.column("annual_income"), "INF")
@example(LISTED, SHIPPED.column("purpose"), "none")
def test_batch_and_api_read_one_value(contract: Contract, column: Column, text: str) -> None:
    column = contract.column(column.name)
    assert read_batch(contract, column, text) == read_api(contract, column, text)


@pytest.mark.slow
@settings(deadline=None, max_examples=150)
@given(st.sampled_from(OTHER.features), other_texts)
def test_batch_and_api_read_one_value_of_another_lender(column: Column, text: str) -> None:
    assert read_batch(OTHER, column, text) == read_api(OTHER, column, text)


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("owner", True, "true"),
        ("owner", 0, "false"),
        ("grade", 2, "2"),
        ("grade", 2.0, "2"),
        ("grade", 4, "4"),
        ("grade", True, "true"),
        ("branch", 1, "1"),
        ("branch", [1], "refused"),
        ("months", 36.0, 36),
        ("months", 36.5, "refused"),
        ("rate", True, "refused"),
    ],
)
def test_the_api_takes_numbers_and_booleans_where_they_are_words(name: str, value: Any, read: Any) -> None:
    assert read_api(OTHER, OTHER.column(name), value) == read


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(CONTRACTS), st.lists(texts.filter(lambda text: "\0" not in text), min_size=1))
def test_a_csv_answer_has_the_values_of_its_texts(contract: Contract, stated: list[str]) -> None:
    """What the server writes as CSV: quoted texts, and nothing at all for null."""
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL)
    writer.writerows([["purpose", "annual_income"], *([text, text] for text in stated)])
    table = pa.Table.from_batches(_open_reader(io.BytesIO(written.getvalue().encode()), contract))
    for name in ("purpose", "annual_income"):
        column = contract.column(name)
        values, _ = read_column(column, table[name].combine_chunks(), contract.list_missing(column))
        expected = []
        for text in stated:
            array = pa.array([text], pa.string())
            one, _ = read_column(
                column, array.dictionary_encode() if name == "purpose" else array, contract.list_missing(column)
            )
            expected += one.to_pylist()
        assert values.to_pylist() == expected


@pytest.mark.parametrize(
    ("contract", "name", "text", "value"),
    [
        # By default a category keeps what may be an answer ("guarantor: none"); a number loses nothing by it.
        (SHIPPED, "purpose", "none", "none"),
        (SHIPPED, "purpose", "N/A", "n/a"),
        (SHIPPED, "purpose", "  ", None),
        (SHIPPED, "annual_income", "none", None),
        (SHIPPED, "annual_income", "?", "refused"),
        # The contract lists them: missing in every column, and folded before they are compared.
        (LISTED, "term", "n/a", None),
        (LISTED, "term", "NONE", None),
        (LISTED, "annual_income", " ? ", None),
        (LISTED, "annual_income", "inf", None),
        (LISTED, "annual_income", "null", None),
        # A column's own list replaces the contract's.
        (LISTED, "purpose", "UNKNOWN", None),
        (LISTED, "purpose", "none", "none"),
    ],
)
def test_which_texts_are_missing(contract: Contract, name: str, text: str, value: Any) -> None:
    column = contract.column(name)
    assert read_batch(contract, column, text) == read_api(contract, column, text) == value
