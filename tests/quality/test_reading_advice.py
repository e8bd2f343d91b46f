"""Advice on texts that cannot be read: the field of the contract that reads them, tried with the reader itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tasks.contract.columns import Column
from tasks.core.policy import QualityPolicy
from tasks.extract.query_results import Unreadable
from tasks.quality.reading_advice import advise_reading
from tests.quality.by_frame import measure_columns
from tests.support.quality_frames import CONTRACT, make_extract, make_frame, pick

CASES: list[tuple[dict[str, Any], dict[str, int], str]] = [
    ({}, {"1.234,50": 7, "12,5": 3}, '`decimal = ","` reads 10 of them'),
    ({}, {"1 234": 7}, '`decimal = "."` reads 7 of them'),
    ({}, {"12.30%": 7, "8.1 %": 1}, '`affixes = ["%"]` reads 8 of them'),
    ({}, {"36 months": 7, "60 Months": 1}, '`affixes = ["months"]` reads 8 of them'),
    ({}, {"12,30 p.a.": 7}, '`decimal = ","` with `affixes = ["p.a."]` reads 7 of them'),
    ({"affixes": ["%"]}, {"EUR 5": 7}, '`affixes = ["%", "eur"]` reads 7 of them'),
    ({}, {"Exempt": 7, "?": 2}, '`missing = ["exempt", "?"]` counts 9 of them as missing'),
    (
        {},
        {"5%": 90, "Exempt": 7},
        '`affixes = ["%"]` reads 90 of them; `missing = ["exempt"]` counts 7 of them as missing',
    ),
    ({"type": "integer"}, {"3.5": 7}, '`type = "number"` reads 7 of them'),
    ({"type": "time", "role": "time"}, {"31.12.2024": 7, "01.02.2024": 1}, '`formats = ["%d.%m.%Y"]` reads 8 of them'),
    ({"type": "time", "role": "time"}, {"Mar-2018": 7}, '`formats = ["%b-%Y"]` reads 7 of them'),
    ({"type": "time", "role": "time"}, {"1711922399": 7}, '`formats = ["unix"]` reads 7 of them'),
    ({"type": "time", "role": "time"}, {"soon": 7}, ""),
    ({}, {"1e999": 7}, ""),
    ({}, {}, ""),
]


@pytest.mark.parametrize(("options", "words", "advice"), CASES)
def test_advice(options: dict[str, Any], words: dict[str, int], advice: str) -> None:
    column = Column.model_validate({"name": "x", "type": "number"} | options)
    assert advise_reading(column, words) == advice


def test_a_column_whose_values_are_there_but_unreadable_is_not_called_empty() -> None:
    frame = make_frame()
    frame["debt"] = np.nan
    unreadable = {"debt": Unreadable(len(frame), ("l1",), {"1.234,50": len(frame)})}
    findings = measure_columns(CONTRACT, replace(make_extract(frame), unreadable=unreadable), QualityPolicy())
    assert '`decimal = ","` reads' in pick(findings, "unreadable", "debt").sentence
    said = pick(findings, "missing", "debt").sentence
    assert "values can be read" in said
    assert "no application has a value" not in said
