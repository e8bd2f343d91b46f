"""Replacing reaches whoever imported the function, and says so where there is nothing to replace."""

from __future__ import annotations

import pytest

import tasks.job.journal
import tasks.job.stage
from tasks.job.journal import write_entry
from tests.support.replace import replace_object


def test_it_reaches_where_it_was_defined_and_who_imported_it(monkeypatch: pytest.MonkeyPatch) -> None:
    replaced = replace_object(write_entry, print, set_attribute=monkeypatch.setattr)
    assert {"tasks.job.journal.write_entry", "tasks.job.stage.write_entry"} <= set(replaced)
    assert tasks.job.journal.write_entry is tasks.job.stage.write_entry is print
    monkeypatch.undo()
    assert tasks.job.stage.write_entry is write_entry


def test_it_keeps_to_one_package_and_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    where = replace_object(write_entry, print, within="tasks.job.stage", set_attribute=monkeypatch.setattr)
    assert where == ["tasks.job.stage.write_entry"]
    with pytest.raises(LookupError, match=r"tasks\.jo binds"):
        replace_object(write_entry, print, within="tasks.jo", set_attribute=monkeypatch.setattr)


def test_what_nobody_binds_is_told() -> None:
    with pytest.raises(LookupError, match="the project binds"):
        replace_object(lambda: None, print)
