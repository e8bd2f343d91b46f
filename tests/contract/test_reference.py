"""Every field of a contract is described, and stands in docs/your-data.md."""

from __future__ import annotations

import pytest

from tasks.contract.columns import Column, Derived, Entry, Parts, Source
from tasks.contract.contract import Contract
from tasks.contract.lender_model import LenderModel, Profit
from tasks.contract.reference import write_reference
from tests.support import ROOT


def test_the_document_has_the_fields_that_the_contract_has() -> None:
    """`python -m tasks.contract.reference` prints what should stand there."""
    assert write_reference() in (ROOT / "docs" / "your-data.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("entry", [Contract, Column, Derived, Source, Parts, LenderModel, Profit])
def test_every_field_is_described(entry: type[Entry]) -> None:
    schema = entry.model_json_schema()
    bare = {name for name, field in schema["properties"].items() if not field.get("description")}
    assert bare <= {"file"}  # the contract's own file, which the loader knows
    assert all(name in write_reference() for name in schema["properties"].keys() - bare)
