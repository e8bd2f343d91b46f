"""The ledger and the registry on a real PostgreSQL: promotions, races, rollback, and what was in production when."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from flows import models, rollback
from flows.cli import announce
from tasks.contract.load import load_contract
from tasks.prefect_ui import events
from tasks.registry.bundle import BundleError
from tasks.registry.entries import find_entry_on, read_ledger
from tasks.registry.ledger import Return, RollbackError, roll_back, verify_ledger
from tasks.registry.promote import Promotion, PromotionConflictError, hash_evidence, promote, retire_champion
from tasks.registry.versions import (
    NoChampionError,
    UnknownVersionError,
    find_current,
    find_effective_version,
    load_current,
    read_version,
)
from tasks.schema.migrate import prepare_schema
from tests.support import ROOT
from tests.support.small_model import find_bundle, install
from tests.support.wait import PATIENCE

CONTRACT = load_contract("loan_applications")
NAME = CONTRACT.name
TODAY = datetime.now(UTC).date()


@pytest.fixture
def three(engine, tmp_path):
    """A registry with three champions in a row."""
    return install_three(engine, tmp_path)


def install_three(engine, tmp_path):
    """Put three champions into production, one after the other; returns their versions."""
    prepare_schema(engine)
    versions = []
    for month in (2, 3, 5):
        with engine.begin() as connection:
            before = versions[-1] if versions else None
            versions.append(
                install(connection, CONTRACT, tmp_path / "models", find_bundle(), (before, date(2024, month, 1)))
            )
    return versions


def go_back(engine, to=None, effective=date(2024, 6, 1)):
    with engine.begin() as connection:
        return roll_back(connection, NAME, "test", Return(to, effective, "it was better"))


def read(engine):
    with engine.connect() as connection:
        return read_ledger(connection, NAME), find_current(connection, NAME)


def test_each_promotion_is_a_link_of_the_chain(engine, three):
    entries, current = read(engine)
    assert [entry.to_version for entry in entries] == three
    assert current == three[-1]
    assert verify_ledger(entries, current) == []
    with engine.connect() as connection:
        assert [read_version(connection, NAME, version).state for version in three] == [
            "retired",
            "retired",
            "champion",
        ]


def test_a_rollback_is_a_new_row_and_going_back_twice_goes_back_two(engine, three):
    assert go_back(engine).to_version == three[1]
    assert go_back(engine).to_version == three[0]
    with pytest.raises(RollbackError, match="no earlier champion"):
        go_back(engine)
    assert go_back(engine, three[2]).to_version == three[2]
    entries, current = read(engine)
    assert len(entries) == 6
    assert verify_ledger(entries, current) == []
    assert "it was better" in entries[-1].why


@pytest.mark.parametrize(
    ("to", "error", "told"),
    [(-1, RollbackError, "already in production"), (99, UnknownVersionError, "no model version 99")],
)
def test_a_rollback_to_nowhere_changes_nothing(engine, three, to, error, told):
    with pytest.raises(error, match=told):
        go_back(engine, three[to] if to < 0 else to)
    assert len(read(engine)[0]) == 3


def test_a_rollback_to_a_damaged_bundle_changes_nothing(engine, three):
    with engine.connect() as connection:
        folder = Path(read_version(connection, NAME, three[1]).artifact.removeprefix("file://"))
    (folder / "model.joblib").unlink()
    with pytest.raises(BundleError):
        go_back(engine)
    assert read(engine)[1] == three[2]


def test_a_challenger_that_was_never_in_production_cannot_come_back(engine, three):
    with engine.begin() as connection:
        never = connection.execute(
            text(
                "insert into loanwatch.model_version (contract, job_id, kind, metrics, artifact, sha256, "
                "reference_start, reference_end, training_windows, state) select contract, job_id, kind, metrics, "
                "artifact, sha256, reference_start, reference_end, training_windows, 'challenger' "
                "from loanwatch.model_version limit 1 returning version"
            )
        ).scalar_one()
    with pytest.raises(RollbackError, match="never in production"):
        go_back(engine, never)


def test_which_model_was_in_production_on_a_day(engine, three):
    go_back(engine, three[0], date(2024, 8, 1))
    assert version_on(engine, date(2024, 1, 31)) is None
    assert version_on(engine, date(2024, 2, 1)) == three[0]
    assert version_on(engine, date(2024, 4, 30)) == three[1]
    assert version_on(engine, date(2024, 5, 1)) == three[2]
    assert version_on(engine, date(2024, 8, 1)) == three[0]
    assert version_on(engine, date(2024, 8, 1), as_recorded=True) is None
    assert version_on(engine, TODAY, as_recorded=True) == three[0]


def test_a_champion_after_a_retirement_is_the_answer_everywhere(engine, three, tmp_path):
    """Its first effective day lies before the day of the retirement, as its data do."""
    with engine.begin() as connection:
        retire_champion(connection, NAME, "its applications were replaced")
    with engine.begin() as connection:
        fourth = install(connection, CONTRACT, tmp_path / "fourth", find_bundle(), (None, date(2024, 6, 1)))
        current = find_current(connection, NAME)
    assert version_on(engine, TODAY) == current == fourth
    assert version_on(engine, date(2024, 6, 1)) == fourth, "a replay of these days meets it"
    assert version_on(engine, date(2024, 5, 31)) == three[2], "which stays on record"
    with engine.connect() as connection:
        assert find_effective_version(connection, NAME, date(2024, 6, 1)) == fourth
        assert find_effective_version(connection, NAME, date(2024, 5, 31)) is None, "it knew other data"


def version_on(engine, day, **how):
    with engine.connect() as connection:
        entry = find_entry_on(connection, NAME, day, **how)
    return entry.to_version if entry else None


def test_a_retired_champion_leaves_nothing_in_production(engine, three):
    with engine.begin() as connection:
        assert retire_champion(connection, NAME, "its data is gone")
        assert not retire_champion(connection, NAME, "again")
    entries, current = read(engine)
    assert current is None
    assert verify_ledger(entries, current) == []
    assert version_on(engine, TODAY) is None
    with engine.connect() as connection, pytest.raises(NoChampionError, match=r"flows\.train"):
        load_current(connection, NAME)


@pytest.mark.parametrize(
    ("tampering", "told"),
    [
        ("update loanwatch.promotion set why = 'because' where entry = 2", "does not match its hash"),
        ("update loanwatch.promotion set effective_from = '2020-01-01' where entry = 1", "does not match its hash"),
        ("delete from loanwatch.promotion where entry = 2", "removed or inserted"),
        ("delete from loanwatch.promotion where entry = 3", "the registry has version"),
    ],
)
def test_the_ledger_is_append_only_and_tampering_is_found(engine, three, tampering, told, capsys):
    with engine.connect() as connection, pytest.raises(Exception, match="append-only"):
        connection.execute(text(tampering))
    with engine.begin() as connection:
        connection.execute(text("alter table loanwatch.promotion disable trigger promotion_is_append_only"))
        connection.execute(text(tampering))
    assert any(told in fault for fault in verify_ledger(*read(engine)))
    assert models.verify() == 1
    assert told in " ".join(capsys.readouterr().err.split())


def test_a_promotion_over_another_one_is_refused(engine, three):
    late = Promotion(NAME, "late", date(2024, 6, 1), three[0], three[1], "late", hash_evidence({}))
    with pytest.raises(PromotionConflictError, match="Nothing was changed"), engine.begin() as connection:
        promote(connection, late)
    assert len(read(engine)[0]) == 3


def test_the_database_allows_one_champion_only(engine, three):
    with engine.connect() as connection, pytest.raises(Exception, match="one_champion_per_contract"):
        connection.execute(text("update loanwatch.model_version set state = 'champion'"))


RACER = """
import os, sys, time
from datetime import date
from blocks.postgres.connect import Database, connect
from tasks.registry.promote import Promotion, hash_evidence, promote, PromotionConflictError
before, after, begin = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
engine = connect(Database("environment"))
time.sleep(max(0, begin - time.time()))
try:
    with engine.begin() as connection:
        promote(connection, Promotion("loan_applications", "race", date(2024, 6, 1), before, after, "race",
                                      hash_evidence({})))
        time.sleep(0.5)
except PromotionConflictError:
    sys.exit(7)
"""


@pytest.mark.slow
def test_of_two_processes_that_promote_at_once_one_wins(engine, three):
    begin = datetime.now(UTC).timestamp() + 3
    racers = [
        subprocess.Popen([sys.executable, "-c", RACER, str(three[2]), str(after), str(begin)], cwd=ROOT)
        for after in three[:2]
    ]
    codes = [racer.wait(PATIENCE) for racer in racers]
    assert sorted(codes) == [0, 7]
    entries, current = read(engine)
    assert current == three[codes.index(0)]
    assert len(entries) == 4
    assert verify_ledger(entries, current) == []


def test_the_commands_tell_all_this(engine, three, capsys):
    assert models.show_all() == 0
    listed = capsys.readouterr().out
    assert "champion" in listed
    assert "A test put it there." in listed
    assert models.show_one(three[0]) == 0
    assert "# A small model" in capsys.readouterr().out
    assert models.show_one(99) == 2
    assert rollback.command(why="a person said so") == 0
    assert f"version {three[1]} is in production" in capsys.readouterr().out
    assert models.show_day(date(2024, 4, 1)) == 0
    assert f"version {three[1]}" in capsys.readouterr().out
    assert models.show_day(date(2023, 4, 1)) == 0
    assert "no model was in production" in capsys.readouterr().out
    assert models.verify() == 0
    assert "4 rows, and the chain is whole" in capsys.readouterr().out
    assert rollback.command(to=three[1]) == 2


def test_a_rollback_tells_the_server_that_is_configured(engine, three, monkeypatch, capsys):
    told_of = []
    monkeypatch.setattr(events, "emit_event", lambda **event: told_of.append(event))
    monkeypatch.setattr(announce, "find_server", lambda: None)
    assert rollback.command(to=three[0]) == 0
    assert told_of == []
    monkeypatch.setattr(announce, "find_server", lambda: "http://server/api")
    monkeypatch.setattr(announce, "find_fault", lambda: None)
    assert rollback.command(to=three[1], why="a person said so") == 0
    (told,) = told_of
    assert (told["event"], told["resource"]["prefect.resource.id"]) == (events.PROMOTED, f"{events.RESOURCE}.{NAME}")
    assert (told["payload"]["from_version"], told["payload"]["to_version"]) == (three[0], three[1])
    assert "a person said so" in told["payload"]["why"]
    assert json.dumps(told["payload"]), "an event is plain JSON"
    monkeypatch.setattr(announce, "find_fault", lambda: "the Prefect server does not answer.")
    capsys.readouterr()
    assert rollback.command(to=three[0]) == 0, "the rollback is done all the same"
    assert len(told_of) == 1
    assert "flows.score" in capsys.readouterr().err
