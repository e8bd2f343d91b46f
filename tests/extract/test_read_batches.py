"""Texts of any origin as one typed frame, by a contract's own readers."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from tasks.contract.contract import Contract
from tasks.core.policy import QualityPolicy
from tasks.extract.extract import read_batches
from tasks.extract.labels import read_labels
from tasks.extract.query_results import ExtractError, find_dotted
from tests.quality.by_frame import measure_columns

CONTRACT = Contract.model_validate(
    {
        "name": "book",
        "query": "book.sql",
        "decimal": ",",
        "timezone": "Europe/Berlin",
        "missing": ["-"],
        "column": [
            {"name": "id", "role": "id"},
            {"name": "issued", "role": "time", "formats": ["%d.%m.%Y", "%b-%Y"]},
            {
                "name": "status",
                "role": "target",
                "type": "category",
                "positive": ["Default", "Charged\u00a0Off"],
                "negative": "Fully Paid",
                "undecided": ["Current"],
            },
            {"name": "amount", "type": "number"},
            {"name": "rate", "type": "number", "decimal": ".", "affixes": ["%"]},
            {"name": "months", "type": "integer", "affixes": ["months"]},
            {"name": "owner", "type": "boolean"},
            {"name": "grade", "type": "category", "ordered": [1, 2, 3]},
        ],
    }
)
ROWS: list[tuple[Any, ...]] = [
    ("a", "31.01.2024", "Default", "1.234,50", "12.30%", " 36 months", "Y", "1.0"),
    ("b", "Feb-2024", "charged off", "8.950", "7", "60 Months", "f", "2"),
    ("c", "29.02.2023", "FULLY PAID", "8.95", "-", "3.5", "1.0", "4"),
    ("d", None, "Current", "-", "n/a", None, "maybe", None),
    ("e", "31.12.9999", None, "1 000 €", "5 %", "12,0", "", "03"),
]


def make_batches() -> list[pa.RecordBatch]:
    names = [column.name for column in CONTRACT.columns]
    columns = [pa.array(values, pa.string()) for values in zip(*ROWS, strict=True)]
    batch = pa.record_batch([*columns, columns[0]], [*names, "other"])
    return [batch.slice(0, 2), batch.slice(2)]


def test_texts_become_the_contracts_types() -> None:
    extract = read_batches(CONTRACT, make_batches())
    frame = extract.applications
    assert list(frame.columns) == [column.name for column in CONTRACT.columns]
    times = [pd.Timestamp(2024, 1, 31), pd.Timestamp(2024, 2, 1), pd.NaT, pd.NaT, pd.NaT]
    expected = pd.DataFrame(
        {
            "id": list("abcde"),
            "issued": pd.Series(times, dtype="datetime64[ns]"),
            "status": ["default", "default", "fully paid", None, None],
            "amount": [1234.5, 8950, None, None, 1000],
            "rate": [12.3, 7, None, None, 5],
            "months": [36, 60, None, None, 12],
            "owner": ["true", "false", "true", "maybe", None],
            "grade": ["1", "2", "4", None, "3"],
        }
    )
    pd.testing.assert_frame_equal(frame.astype(expected.dtypes), expected)
    assert read_labels(CONTRACT, frame).tolist()[:3] == [1, 1, 0]
    refused = {name: unreadable.words for name, unreadable in extract.unreadable.items()}
    assert refused == {"issued": {"29.02.2023": 1, "31.12.9999": 1}, "amount": {"8.95": 1}, "months": {"3.5": 1}}


def test_no_rows_have_the_same_types() -> None:
    empty = read_batches(CONTRACT, [])
    none = read_batches(CONTRACT, [make_batches()[0].slice(0, 0)])
    filled = read_batches(CONTRACT, make_batches()).applications
    for frame in (empty.applications, none.applications):
        assert len(frame) == 0
        assert [str(kind) for kind in frame.dtypes] == [str(kind) for kind in filled.dtypes]


def test_a_column_that_is_not_there_is_named() -> None:
    batch = make_batches()[0]
    with pytest.raises(ExtractError, match="rate"):
        read_batches(CONTRACT, [batch.drop_columns(["rate"])])


@pytest.mark.parametrize(
    ("texts", "example"),
    [
        (["8.950", "12.000", "950"] * 10, "8.950"),
        (["1.234.567", "8.950", "1"] * 10, "1.234.567"),
        (["8.950", "12.000", "1950"] * 10, None),
        (["8.950", "12.5", "950"] * 10, None),
        (["0.125", "0.250", "1"] * 10, None),
        (["8.950", "12.000"] * 10, None),
        (["8.950", "950"], None),
        ([None] * 30, None),
    ],
)
def test_a_dot_that_may_part_thousands_is_found(texts, example):
    assert find_dotted(pa.array(texts, pa.string())) == example


def test_it_is_told_and_what_to_say(tmp_path):
    rows = 60
    batch = pa.record_batch(
        {
            "no": [f"{n}" for n in range(rows)],
            "asked": ["2024-01-01"] * rows,
            "answer": ["yes", "no"] * (rows // 2),
            "debt": ["8.950", "950"] * (rows // 2),
        }
    )
    columns = [
        {"name": "no", "role": "id"},
        {"name": "asked", "role": "time"},
        {"name": "answer", "role": "target", "type": "category", "positive": "yes", "negative": "no"},
        {"name": "debt", "type": "number"},
    ]
    contract = Contract.model_validate({"name": "lender", "query": "lender.sql", "column": columns})
    found = measure_columns(contract, read_batches(contract, [batch]), QualityPolicy())
    (told,) = [finding for finding in found if finding.check == "thousands"]
    assert (told.verdict, told.subject) == ("warn", "debt")
    assert "8.950" in told.sentence
    assert '`decimal = ","`' in told.sentence
    stated = contract.model_validate({"name": "lender", "query": "lender.sql", "decimal": ",", "column": columns})
    read = read_batches(stated, [batch])
    assert read.applications["debt"].tolist()[:2] == [8950, 950]
    assert [f.verdict for f in measure_columns(stated, read, QualityPolicy()) if f.check == "thousands"] == ["pass"]
