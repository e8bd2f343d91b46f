"""The gallery: what is inferred of look-alikes of public loan files, against what a careful person would say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.describe.describe import describe_tables
from tasks.describe.draft import Answers, Draft, NeedAnswerError
from tasks.describe.read_files import FileReader
from tasks.describe.write_contract import make_contract, write_contract
from tasks.describe.write_query import write_query
from tests.support.gallery.more_files import SHAPES
from tests.support.gallery.page import draft_shapes, find_truth, list_wrong, write_page
from tests.support.gallery.shape import Shape

LEAST_RIGHT = 0.95


@pytest.fixture(scope="module")
def drafts() -> dict[str, tuple[Shape, FileReader, Draft]]:
    return draft_shapes()


@pytest.mark.slow
def test_the_page_says_what_is_inferred_today(drafts):
    page = (Path(__file__).parents[2] / "docs" / "gallery.md").read_text(encoding="utf-8")
    assert page == write_page(drafts), "make it anew: python -m tests.support.gallery > docs/gallery.md"


@pytest.mark.slow
def test_nearly_all_columns_are_inferred_as_a_person_would_say(drafts):
    columns = [(shape, column) for shape, _, draft in drafts.values() for column in draft.columns]
    wrong = {
        f"{shape.name}/{c.source}": found for shape, c in columns if (found := list_wrong(c, find_truth(shape, c)))
    }
    assert len(columns) > 120
    assert len(wrong) <= (1 - LEAST_RIGHT) * len(columns), wrong


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_every_id_time_and_target_is_right(drafts, shape):
    draft = drafts[shape.name][2]
    for column in draft.columns:
        truth = find_truth(shape, column)
        if {column.role, truth.role} & {"id", "time", "target"}:
            assert list_wrong(column, truth) == [], column.source


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_a_draft_is_a_contract(drafts, shape):
    _, reader, draft = drafts[shape.name]
    contract = make_contract(draft)
    assert {column.name for column in contract.features} == {column.name for column in draft.features} | set(
        draft.durations
    )
    query = write_query(draft, {source.table: source for source in reader.sources})
    assert all(f'"{column.source}"' in query for column in draft.kept)
    assert "%(start)s" in query
    assert "%(end)s" in query


@pytest.mark.slow
def test_what_is_left_out_is_said_with_its_reason(drafts):
    text = write_contract(drafts["installments"][2])
    for column, why in (
        ("total_pymnt", "by its name filled in after the decision"),
        ("url", "an identifier"),
        ("pymnt_plan", "the same value in every row"),
        ("member_id", "no row has a value"),
        ("funded_amnt", "nearly the same as loan_amnt"),
        ("earliest_cr_line", "used as days before the application"),
    ):
        (line,) = [line for line in text.splitlines() if line.startswith("#") and f"'{column}'" in line]
        assert why in line


@pytest.mark.slow
def test_a_leak_is_found_by_what_it_says(drafts):
    draft = drafts["mortgages"][2]
    (reason,) = [column for column in draft.columns if column.source == "Denial Reason"]
    assert reason.role == "ignored"
    assert reason.doubts


def test_no_time_is_never_filled_in_silently(tmp_path):
    shape = next(shape for shape in SHAPES if shape.name == "approvals")
    reader = FileReader(shape.write(tmp_path), tmp_path)
    tables = [reader.sample(source.table) for source in reader.sources]
    with pytest.raises(NeedAnswerError, match="--rows-as-time"):
        describe_tables(tables, Answers(target="Loan_Status"), reader.read_keys)


def test_a_target_that_only_a_person_knows_is_asked_for(tmp_path):
    path = Path(tmp_path / "odd.csv")
    path.write_text(
        "id,applied_at,colour\n"
        + "".join(f"{n},2024-01-{n % 28 + 1:02d},{'red' if n % 3 else 'blue'}\n" for n in range(100))
    )
    reader = FileReader([path], tmp_path)
    tables = [reader.sample(source.table) for source in reader.sources]
    with pytest.raises(NeedAnswerError, match="--target COLUMN"):
        describe_tables(tables, Answers(), reader.read_keys)
    with pytest.raises(NeedAnswerError, match=r"They are: 'red' \(66\), 'blue' \(34\)\. Say so with --positive"):
        describe_tables(tables, Answers(target="colour"), reader.read_keys)
    draft = describe_tables(tables, Answers(target="colour", positive=("Red",)), reader.read_keys)
    assert draft.with_role("target").options == {"positive": "red", "negative": "blue"}


@pytest.mark.parametrize(
    ("name", "made", "told"),
    [
        ("opened", lambda n: f"20{10 + n % 9}-05-01", ""),
        (
            "decided_by",
            lambda n: f"2024-{n // 28 % 9 + 1:02d}-{min(n % 28 + 4, 28):02d}",
            "lies after the application in",
        ),
        ("collected", lambda n: "" if n % 3 else "2020-05-01", "whether it is filled tells the outcome"),
        ("loaded_on", lambda n: "2020-05-01", "the same value in every row"),
    ],
)
def test_a_date_is_used_only_where_it_was_known_at_the_application(tmp_path, name, made, told):
    rows = [
        (n, f"2024-{n // 28 % 9 + 1:02d}-{n % 28 + 1:02d}", "no" if n % 3 == 0 else "yes", made(n)) for n in range(600)
    ]
    path = tmp_path / "loans.csv"
    path.write_text(f"id,applied_at,approved,{name}\n" + "".join(",".join(map(str, row)) + "\n" for row in rows))
    reader = FileReader([path], tmp_path)
    draft = describe_tables([reader.sample("loans")], Answers(target="approved"), reader.read_keys)
    column = next(column for column in draft.columns if column.source == name)
    assert (column in draft.durations.values()) == (not told)
    assert told in " ".join([*column.notes, *column.doubts])
