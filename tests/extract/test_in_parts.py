"""A window that is read in parts is the window that is read at once, wherever it is cut."""

from __future__ import annotations

from datetime import date
from functools import reduce
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from tasks.contract.contract import Contract
from tasks.core.prefetch import prefetch
from tasks.core.windows import Window
from tasks.extract.by_table.cut import cut_window
from tasks.extract.by_table.later_ids import LaterIds
from tasks.extract.extract import Extract, extract_in_parts, extract_window
from tasks.extract.query_results import EXAMPLES
from tasks.models.preprocess import union_rows
from tasks.quality.reading_counts import ReadingCounts, count_reading
from tests.extract.test_by_table import (
    CREDITS,
    CUSTOMERS,
    LOANS,
    WHOLE,
    empty_tables,
    fill_tables,
    kept_tables,  # noqa: F401 - a fixture
)
from tests.support.source_rows import CONTRACT, MAY, insert


def read_parts(engine: Engine, contract: Contract, most_rows: int) -> list[Extract]:
    """The parts in the window's order."""
    parts = sorted(extract_in_parts(engine, contract, MAY, most_rows), key=lambda part: part.place)
    assert [part.place for part in parts] == list(range(len(parts)))
    return parts


def assert_parts_of(parts: list[Extract], whole: Extract) -> ReadingCounts:
    """The parts hold the rows of the window, and what was found in reading them adds up; returns the latter."""
    frames = [part.applications for part in parts]
    joined = union_rows(frames) if len(frames) > 1 else frames[0]
    pd.testing.assert_frame_equal(joined, whole.applications)
    merged = reduce(ReadingCounts.merge, [count_reading(part, part.place) for part in parts])
    assert (merged.repeats, merged.older_versions) == (whole.repeats, whole.older_versions)
    assert (merged.ambiguous.rows, merged.undated) == (len(whole.ambiguous), whole.undated)
    assert merged.ambiguous.ids == whole.ambiguous[:EXAMPLES]
    found = {name: (one.marked.rows, one.marked.ids, one.counts) for name, one in merged.unreadable.items()}
    assert found == {name: (one.count, one.examples, one.words) for name, one in whole.unreadable.items()}
    return merged


@pytest.mark.slow
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(LOANS, CUSTOMERS, CREDITS, st.randoms(use_true_random=False), st.integers(1, 4))
def test_parts_of_days_are_the_window(
    kept_tables: Engine,  # noqa: F811
    loans: list[dict[str, Any]],
    customers: list[dict[str, Any]],
    credits: list[dict[str, Any]],
    random: Any,
    most_rows: int,
) -> None:
    fill_tables(kept_tables, (loans, customers, credits), random)
    for contract in (CONTRACT, WHOLE):
        assert_parts_of(read_parts(kept_tables, contract, most_rows), extract_window(kept_tables, contract, MAY))


@pytest.mark.slow
def test_a_large_table_with_a_small_window_is_read_at_once(kept_tables: Engine) -> None:  # noqa: F811
    empty_tables(kept_tables)
    others = [{"loan_id": f"x{place}", "application_time": "01-02-2015 10:00"} for place in range(2_000)]
    held = [{"loan_id": f"l{day}", "application_time": f"{day:02}-05-2015 10:00"} for day in range(1, 21)]
    insert(kept_tables, "loan_details", *others, *held, {"loan_id": "undated"})
    (part,) = read_parts(kept_tables, CONTRACT, 20)
    assert_parts_of([part], extract_window(kept_tables, CONTRACT, MAY))
    assert len(read_parts(kept_tables, CONTRACT, 19)) == 3  # nine days in a part, as two parts have nineteen rows


@pytest.mark.slow
def test_a_version_of_later_days_makes_all_before_it_old(kept_tables: Engine) -> None:  # noqa: F811
    first = {"loan_id": "l1", "customer_id": "c1", "application_time": "01-05-2015 10:00", "tax_liens": "twelve"}
    empty_tables(kept_tables)
    rows = [first, first, first | {"application_time": "20-05-2015 10:00", "tax_liens": "1"}]
    others = [{"loan_id": f"x{day}", "application_time": f"{day:02}-05-2015 09:00"} for day in range(1, 31)]
    insert(kept_tables, "loan_details", *rows, *others)
    parts = read_parts(kept_tables, CONTRACT, 5)
    assert len(parts) > 5
    found = assert_parts_of(parts, extract_window(kept_tables, CONTRACT, MAY))
    assert (found.repeats, found.older_versions, found.unreadable) == (0, 2, {})


@pytest.mark.slow
def test_a_day_larger_than_a_part_is_cut(kept_tables: Engine) -> None:  # noqa: F811
    """Within a day, and within a minute: versions of one loan, rows without an id, equal rows of two loans."""
    empty_tables(kept_tables)
    hours = [f"{hour:02}:{minute:02}" for hour in range(24) for minute in (0, 30)]
    day = [
        {"loan_id": f"l{place % 37}", "customer_id": f"c{place % 11}", "application_time": f"05-05-2015 {hour}"}
        for place, hour in enumerate(hours)
    ]
    minute = [
        {"loan_id": f"m{place:02}" if place % 5 else None, "application_time": "06-05-2015 10:00", "tax_liens": "x"}
        for place in range(40)
    ]
    insert(kept_tables, "loan_details", *day, *minute, *minute[:9], {"loan_id": "late"})
    insert(kept_tables, "customer_details", *({"customer_id": f"c{place}", "annual_income": "7"} for place in range(9)))
    insert(kept_tables, "customer_details", {"customer_id": "c3", "annual_income": "8"})
    whole = extract_window(kept_tables, CONTRACT, MAY)
    parts = read_parts(kept_tables, CONTRACT, 10)
    assert sum(part.is_share for part in parts) >= 15
    assert max(map(len, parts)) < 10 + 5  # ten rows have no id and one time, and stay together
    assert_parts_of(parts, whole)
    assert len(whole.ambiguous) == len([row for row in whole.applications["customer_id"] if row == "c3"]) > 0


def test_days_are_cut_where_they_end() -> None:
    window = Window(date(2024, 8, 1), date(2024, 8, 4))
    rows = {date(2024, 8, day): count for day, count in ((1, 10), (2, 500), (4, 1), (9, 1))}
    assert [str(days) for days in cut_window(window, rows, 100)] == [
        "2024-08-01 to 2024-08-01", "2024-08-02 to 2024-08-03", "2024-08-04 to 2024-08-04"
    ]  # fmt: skip
    assert cut_window(window, {}, 100) == [window]


def test_rows_without_an_id_are_versions_of_nothing() -> None:
    later = LaterIds()
    assert later.leave_out(pa.chunked_array([["a", None, "b", "a"]])).to_pylist() == [True] * 4
    assert later.leave_out(pa.chunked_array([["a", None, "c"]])).to_pylist() == [False, True, True]
    assert later.leave_out(pa.chunked_array([[]], pa.string())).to_pylist() == []


def test_an_error_of_the_reader_reaches_who_waits_for_it() -> None:
    ended = []

    def read() -> Any:
        try:
            yield 1
            raise ValueError("lost")
        finally:
            ended.append(True)

    items = prefetch(read())
    assert next(items) == 1
    with pytest.raises(ValueError, match="lost"):
        next(items)
    items = prefetch(read())
    assert next(items) == 1
    items.close()  # type: ignore[attr-defined]
    assert ended == [True, True]
