"""The two bundled lenders: what is inferred of their files, beside the contracts that were written by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.contract.contract import Contract
from tasks.contract.load import load_contract
from tasks.demo.generator import make_applications
from tasks.describe.describe import describe_tables
from tasks.describe.draft import Answers
from tasks.describe.read_files import FileReader
from tasks.describe.write_contract import make_contract
from tests.support import second_lender

CUSTOMER_DETAILS = next(
    set(source.columns) for source in load_contract("loan_applications").sources if source.table == "customer_details"
)


def describe(files: list[Path], target: str, folder: Path) -> Contract:
    reader = FileReader(files, folder)
    tables = [reader.sample(source.table) for source in reader.sources]
    return make_contract(describe_tables(tables, Answers(target=target), reader.read_keys))


def tell(contract: Contract) -> dict[str, tuple[object, ...]]:
    """Of each column its role, type and special values, and of features the order."""
    return {
        c.name: (c.role, c.type, tuple(sorted(c.special)), c.role == "feature" and c.ordered) for c in contract.columns
    }


@pytest.mark.slow
def test_the_demo_is_described_as_by_hand(tmp_path):
    files = []
    for table, rows in make_applications().items():
        files.append(tmp_path / f"{table}.csv")
        rows.to_csv(files[-1], index=False)
    drafted, written = describe(files, "loan_status", tmp_path), load_contract("loan_applications")
    assert tell(drafted) == tell(written)
    assert drafted.positive == written.positive
    ratios = {(one.numerator, one.denominator, one.factor) for one in written.derived if one.numerator}
    assert {(one.numerator, one.denominator, one.factor) for one in drafted.derived if one.numerator} == ratios
    records = [set(one.record or ()) for one in drafted.derived if one.record]
    assert records == [{column.name for column in written.features if column.name in CUSTOMER_DETAILS}]


def test_the_real_applications_are_described_as_by_hand(real_data, tmp_path):
    files = [real_data / f"{table}.csv" for table in ("loan_details", "customer_details", "credit_details")]
    assert tell(describe(files, "loan_status", tmp_path)) == tell(load_contract("loan_applications"))


def test_the_second_lender_is_described_as_by_hand(tmp_path):
    file = tmp_path / "card_request.csv"
    second_lender.make_requests().to_csv(file, index=False)
    drafted, written = describe([file], "answer", tmp_path), load_contract(second_lender.CONTRACT)
    assert tell(drafted) == tell(written)
    assert drafted.positive == written.positive


@pytest.mark.parametrize("special", ["99999999", "-1"])
def test_a_special_value_is_told_where_a_person_should_look(tmp_path, special):
    file = tmp_path / "loans.csv"
    rows = second_lender.make_requests()
    rows["wanted_limit"] = rows["wanted_limit"].where(rows.index % 40 > 0, float(special))
    rows.to_csv(file, index=False)
    reader = FileReader([file], tmp_path)
    draft = describe_tables([reader.sample("loans")], Answers(target="answer"), reader.read_keys)
    column = next(column for column in draft.columns if column.source == "wanted_limit")
    assert list(column.options["special"]) == [special]
    assert any(special in doubt for doubt in column.doubts)
