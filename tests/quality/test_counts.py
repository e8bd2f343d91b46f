"""Counts of parts: merged in any order, they say what the whole window says."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date
from functools import reduce
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.core.findings import Finding
from tasks.core.policy import QualityPolicy
from tasks.core.windows import Window
from tasks.extract.extract import Extract, Unreadable
from tasks.extract.query_results import MOST_WORDS
from tasks.quality.check import judge_quality, measure_quality
from tasks.quality.column_counts import MOST_NAMED
from tasks.quality.count import count_quality
from tasks.quality.counts import QualityCounts, share_missing
from tasks.quality.reading_counts import count_reading
from tasks.reports.figures import measure_missing
from tests.support.quality_frames import CONTRACT, make_extract, make_frame, pick

DAYS = 20
WINDOW = Window(date(2024, 5, 1), date(2024, 5, DAYS))
POLICY = QualityPolicy(minimum_rows=1)


class Row(NamedTuple):
    """A row of the table: whether the query calls it ambiguous, what it removed beside it, and its values."""

    is_ambiguous: bool
    removed: int
    loan: str | None
    client: str | None
    asked: int | None
    answer: str | None
    amount: float | None
    score: float | None
    debt: float | str | None
    home: str | None
    purpose: str | None


def draw_number(*others: float | str) -> st.SearchStrategy[Any]:
    return st.sampled_from([None, 0.0, -0.0, 1.0, np.inf, -np.inf, *others])


DAY = st.one_of(st.integers(-1, DAYS), st.none())
ROW = st.builds(
    Row,
    st.booleans(), st.integers(0, 2), st.sampled_from(["l1", "l2", "l3", "l10", "", None]),
    st.sampled_from(["c1", "c2", None]), DAY, st.sampled_from(["no", "yes", "odd", None]),
    draw_number(99999.0, -5.0), draw_number(299.0, 700.0), draw_number("n.a.", "1.000,5", "x"),
    st.sampled_from(["rent", "own", "boat", "barn", None]), st.sampled_from(["car", "other", None]),
)  # fmt: skip


def read(rows: list[Row]) -> Extract:
    """An extract as the query gives it; where its first row asks for it, a dot may part thousands."""
    frame = pd.DataFrame([row[2:] for row in rows], columns=[column.name for column in CONTRACT.columns])
    frame = frame.astype({"loan": "str", "client": "str", "debt": object, "asked": float})
    texts = [value if isinstance(value, str) else None for value in frame["debt"]]
    frame["debt"] = frame["debt"].mask(pd.notna(pd.Series(texts, dtype=object)), np.nan)
    minutes = frame["asked"] % 3  # some at midnight
    frame["asked"] = pd.Timestamp("2024-05-01") + pd.to_timedelta(frame["asked"] * 1440 + minutes, unit="min")
    types = {"number": float, "category": "category", "time": "datetime64[ns]"}
    frame = frame.astype({column.name: types[column.type] for column in CONTRACT.columns if column.type in types})
    debts = Unreadable()
    debts.add(pa.array([row.loan for row in rows], pa.string()), pa.array(texts, pa.string()))
    return Extract(
        frame,
        {"debt": debts} if debts.count else {},
        sum(row.removed for row in rows),
        sum(row.removed > 1 for row in rows),
        tuple(str(row.loan) for row in rows if row.is_ambiguous),
        7,
        {"score": str(rows[0].loan)} if rows and rows[0].removed else {},
    )


def merge(parts: list[QualityCounts]) -> QualityCounts:
    return reduce(QualityCounts.merge, parts)


def spell(value: object) -> Any:
    """A record as plain values, so that two of them can be compared."""
    if is_dataclass(value):
        return {field.name: spell(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {key: spell(each) for key, each in value.items()}
    if isinstance(value, tuple | np.ndarray):
        return [spell(each) for each in value]
    return value


def cut(rows: list[Row], places: list[int]) -> list[list[Row]]:
    """The rows in parts, of which some may be empty."""
    ends = sorted(place % (len(rows) + 1) for place in places)
    return [rows[start:end] for start, end in zip([0, *ends], [*ends, len(rows)], strict=True)]


def judge(counts: QualityCounts) -> list[Finding]:
    return judge_quality(CONTRACT, counts, POLICY, WINDOW)


ROWS, PLACES, RANDOM = st.lists(ROW, max_size=40), st.lists(st.integers(0, 40), max_size=5), st.randoms()


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(ROWS, PLACES, RANDOM)
def test_any_days_merged_in_any_order_are_the_window(rows: list[Row], places: list[int], random: Any):
    rows.sort(key=lambda row: (row.asked is None, row.asked))
    days = [row.asked for row in rows]
    parts = cut(rows, [days.index(days[place % len(rows)]) for place in places] if rows else places)
    counted = [count_quality(CONTRACT, read(part), WINDOW, place) for place, part in enumerate(parts)]
    random.shuffle(counted)
    merged = merge(counted)
    assert judge(merged) == judge(count_quality(CONTRACT, read(rows), WINDOW))
    frame = read(rows).applications
    assert share_missing(CONTRACT, merged) == measure_missing(CONTRACT, frame)


@pytest.mark.slow
@settings(deadline=None, max_examples=40)
@given(ROWS, PLACES, RANDOM)
def test_shares_of_days_are_compared_with_each_other(rows: list[Row], places: list[int], random: Any):
    rows.sort(key=lambda row: (row.asked is None, row.asked))
    parts = cut(rows, places)
    counted = [count_quality(CONTRACT, read(part), WINDOW, place, is_share=True) for place, part in enumerate(parts)]
    random.shuffle(counted)
    assert judge(merge(counted)) == judge(count_quality(CONTRACT, read(rows), WINDOW))


@pytest.mark.slow
@settings(deadline=None, max_examples=30)
@given(st.lists(ROWS, min_size=3, max_size=3))
def test_merging_is_associative_and_commutative(rows: list[list[Row]]):
    one, two, three = (count_quality(CONTRACT, read(part), WINDOW, place) for place, part in enumerate(rows))
    expected = spell(one.merge(two).merge(three))
    assert spell(one.merge(two.merge(three))) == expected
    assert spell(three.merge(one).merge(two)) == expected
    assert spell(three.merge(two.merge(one))) == expected


def cut_frame(frame: pd.DataFrame, *places: int, is_share: bool = False) -> QualityCounts:
    pieces = [frame.iloc[start:end] for start, end in zip([0, *places], [*places, len(frame)], strict=True)]
    parts = enumerate(pieces)
    return merge([count_quality(CONTRACT, Extract(rows), WINDOW, part, is_share=is_share) for part, rows in parts])


def test_what_no_part_shows_alone_is_found_and_named():
    frame = make_frame(60)
    frame.loc[50, "loan"] = frame.loc[5, "loan"]
    features = [column.name for column in CONTRACT.features]
    frame.loc[40, features] = frame.loc[20, features]
    frame["answer"] = np.where(frame.index == 40, "no", "yes")
    findings = judge(cut_frame(frame, 15, 30, 45))
    assert pick(findings, "unique").rows == ("l5",)
    assert pick(findings, "conflicting_labels").rows == ("l20", "l40")
    assert findings == measure_quality(CONTRACT, Extract(frame), POLICY, WINDOW, [])[: len(findings)]


def test_copies_are_found_in_another_share_of_the_day():
    frame = make_frame(60)
    frame = pd.concat([frame, frame.iloc[[3, 7]].assign(loan=["again3", "again7"])], ignore_index=True)
    assert pick(judge(cut_frame(frame, 30, is_share=True)), "duplicates").rows == ("again3", "again7")


def test_a_constant_that_changes_between_parts_is_none():
    frame = make_frame(60).assign(debt=[5.0] * 30 + [6.0] * 30, score=700.0)
    constant = [finding.subject for finding in judge(cut_frame(frame, 30)) if finding.check == "constant"]
    assert constant == ["score"]


def test_parts_that_do_not_belong_together_are_refused():
    one = count_quality(CONTRACT, make_extract(), WINDOW)
    with pytest.raises(ValueError, match="counted twice"):
        one.merge(count_quality(CONTRACT, make_extract(), WINDOW))
    with pytest.raises(ValueError, match="cannot be merged"):
        one.merge(count_quality(CONTRACT, make_extract(), None, 1))
    with pytest.raises(ValueError, match="of the window"):
        judge_quality(CONTRACT, one, POLICY)


def test_very_many_different_words_are_counted_and_the_most_frequent_named():
    frame = make_frame(3 * MOST_NAMED)
    frame["home"] = pd.Categorical([f"w{number}" for number in range(len(frame) - 6)] + ["boat"] * 6)
    sentence = pick(judge(count_quality(CONTRACT, Extract(frame), WINDOW)), "allowed_values").sentence
    assert f'"boat" (6), "w0" (1), "w1" (1), "w10" (1), "w100" (1) and {len(frame) - 6 + 1 - 5} more' in sentence
    parts = pick(judge(cut_frame(frame, 1_000, 2_000)), "allowed_values").sentence
    assert parts.partition(" and ")[2] == sentence.partition(" and ")[2]


def test_very_many_texts_are_kept_alike_in_any_order():
    texts = [{f"{part} {number}" if number % 3 else str(number): 1 for number in range(6_000)} for part in range(3)]
    extracts = [make_extract(unreadable={"debt": Unreadable(6_000, (), words)}) for words in texts]
    one, two, three = (count_reading(extract, part) for part, extract in enumerate(extracts))
    merged = one.merge(two).merge(three)
    assert spell(merged) == spell(three.merge(two.merge(one)))
    assert merged.unreadable["debt"].marked.rows == 18_000
    assert len(merged.unreadable["debt"].words) == MOST_WORDS


def test_a_row_takes_25_bytes_at_most():
    random = np.random.default_rng(1)
    frame = make_frame(20_000)
    frame["loan"] = [str(UUID(bytes=random.bytes(16))) for _ in range(len(frame))]
    (kept,) = count_quality(CONTRACT, Extract(frame), WINDOW).kept
    assert kept.nbytes < 25 * len(frame)
