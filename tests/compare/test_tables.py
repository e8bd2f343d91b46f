"""Files and frames as the two sides: split, renamed, with durations and with what they lack."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from tasks.compare.sides import NO_DAYS, SideError
from tasks.compare.tables import Description, read_sides, write_frame
from tasks.contract.columns import Column, Role
from tasks.contract.contract import Contract
from tasks.files.form import FileError

ROWS = pd.DataFrame(
    {
        "No.": ["1", "2", "3", "4"],
        "Applied At": ["2024-01-30 10:00", "2024-01-31 23:30", "2024-02-01 00:10", "never"],
        "opened": ["2024-01-20", "2023-01-31", None, "2024-01-01"],
        "Income": ["1.000,50", "2000", "3000", "4000"],
        "answer": ["Yes", "no", "YES", None],
    }
)


COLUMNS = [
    {"name": "no", "role": "id", "source": "No."},
    {"name": "applied_at", "role": "time", "source": "Applied At"},
    {"name": "income", "type": "number", "source": "Income"},
    {"name": "days_open", "type": "number"},
    {"name": "answer", "role": "target", "type": "category", "allowed": ["no", "yes"], "positive": "yes"},
]


def describe(**changes: object) -> Contract:
    fields = {"name": "cards", "query": "cards.sql", "decimal": ",", "column": COLUMNS}
    return Contract.model_validate(fields | changes)


OPENED = Column.model_validate({"name": "opened", "role": "time"})
CARDS = Description(describe(), durations={"days_open": OPENED})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    ROWS.to_csv(tmp_path / "cards.csv", index=False)
    return tmp_path / "cards.csv"


def test_one_file_is_split_at_a_day(file):
    sides = read_sides([file], CARDS, date(2024, 2, 1))
    assert [len(side.applications) for side in (sides.reference, sides.window)] == [2, 1]
    assert sides.reference.name == "cards.csv before 2024-02-01"
    assert str(sides.reference.days) == "2024-01-30 to 2024-01-31"
    assert sides.window.extract.undated == 1
    assert sides.reference.extract.unreadable == {}, "a value that cannot be read counts on its own side only"
    assert list(sides.window.extract.unreadable) == ["applied_at"]


def test_columns_are_renamed_and_dates_become_days(file):
    rows = read_sides([file, file], CARDS).reference.applications
    assert list(rows.columns) == ["no", "applied_at", "income", "days_open", "answer"]
    assert rows["income"].tolist() == [1000.5, 2000.0, 3000.0]
    assert rows["days_open"].tolist()[:2] == [10.0, 365.0]
    assert pd.isna(rows["days_open"][2])


def test_parquet_with_types_is_read_as_the_texts_are(file, tmp_path):
    typed = ROWS.assign(
        **{"Applied At": pd.to_datetime(ROWS["Applied At"], errors="coerce"), "Income": [1000.5, 2, 3, 4]}
    )
    write_frame(typed, tmp_path / "typed.parquet")
    described = Description(describe(decimal="."), durations={"days_open": OPENED})
    rows = read_sides([tmp_path / "typed.parquet", tmp_path / "typed.parquet"], described).window.applications
    texts = read_sides([file, file], CARDS).window.applications
    pd.testing.assert_frame_equal(rows.drop(columns="income"), texts.drop(columns="income"))


def test_a_frame_of_mixed_values_is_written(tmp_path):
    write_frame(pd.DataFrame({1: ["a", 2, None], "b": [1.0, None, 3.0]}), tmp_path / "mixed.parquet")
    written = pd.read_parquet(tmp_path / "mixed.parquet")
    assert written["1"].tolist()[:2] == ["a", "2"]
    assert written.columns.tolist() == ["1", "b"]


def test_what_tables_lack_is_made_up(tmp_path):
    ROWS[["Income", "opened"]].to_csv(tmp_path / "few.csv", index=False)
    lacks = frozenset({Role.ID, Role.TIME, Role.TARGET})
    contract = describe(column=[column for column in COLUMNS if column["name"] != "days_open"])
    sides = read_sides([tmp_path / "few.csv", tmp_path / "few.csv"], Description(contract, lacks))
    assert sides.window.applications["no"].tolist() == ["1", "2", "3", "4"]
    assert sides.window.applications["answer"].isna().all()
    assert sides.window.days == NO_DAYS
    assert not (sides.has_days)
    assert not (sides.has_target)
    with pytest.raises(SideError, match="`split_at` needs the time"):
        read_sides([tmp_path / "few.csv"], Description(contract, lacks), date(2024, 2, 1))


def test_a_missing_column_and_a_missing_file_are_named(file, tmp_path):
    ROWS.drop(columns=["Income", "opened"]).to_csv(tmp_path / "less.csv", index=False)
    with pytest.raises(SideError, match=r"less\.csv has no column 'Income' and 'opened'"):
        read_sides([file, tmp_path / "less.csv"], CARDS)
    with pytest.raises(FileError, match="not there"):
        read_sides([file, tmp_path / "none.csv"], CARDS)
