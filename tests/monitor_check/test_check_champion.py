"""A champion's self-check on a real PostgreSQL: made once, by one run, of the rows that it was fitted on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest
from sqlalchemy import text

from blocks.postgres.connect import Database
from flows import models
from tasks.contract.load import load_contract
from tasks.core.policy import MonitorPolicy, SelfCheckPolicy, TrainPolicy
from tasks.core.windows import Window
from tasks.job.job import Job, name_job
from tasks.monitor_check.check_champion import split_reference
from tasks.monitor_check.reference import ReferenceGoneError, read_reference
from tasks.promotion.first_champion import train_first_champion
from tasks.registry.versions import Champion, find_champion
from tasks.schema.locks import Lock, hold_lock
from tasks.schema.migrate import prepare_schema

POLICY = MonitorPolicy(
    train=TrainPolicy(forest_trees=10, boosting_rounds=20, folds=2), self_check=SelfCheckPolicy(splits=2)
)
REFERENCE, WINDOW = Window(date(2024, 5, 1), date(2024, 6, 30)), Window(date(2024, 7, 1), date(2024, 7, 31))
NAME = "loan_applications"


@pytest.fixture
def job(demo, tmp_path) -> Job:
    prepare_schema(demo)
    now, store = datetime.now(UTC), str(tmp_path / "models")
    database = Database("environment")
    return Job(name_job(now), "test", load_contract(NAME), database, WINDOW, POLICY, tmp_path, store, now)


@pytest.fixture
def champion(job) -> Champion:
    return train_first_champion.fn(job, REFERENCE)


def find_again(demo) -> Champion:
    with demo.connect() as connection:
        found = find_champion(connection, NAME, WINDOW)
    assert found is not None
    return found


def test_a_champion_is_checked_once_and_shown(demo, job, champion, capsys):
    assert models.app([], result_action="return_value") == 0
    assert "not made yet" in capsys.readouterr().out
    record = split_reference.fn(job, champion, 800)
    assert record is not None
    assert (record.version, record.splits) == (champion.model.version, 2)
    assert find_again(demo).self_check == record
    assert split_reference.fn(job, champion, 500) == record, "it is not made again"
    assert models.app([], result_action="return_value") == 0
    assert record.sentence in capsys.readouterr().out
    with demo.connect() as connection, pytest.raises(Exception, match="append-only"):
        connection.execute(text("update loanwatch.self_check set record = '{}'"))


@pytest.mark.slow
def test_the_reference_is_read_again_for_a_champion_of_an_earlier_run(demo, job, champion):
    again = read_reference(job, find_again(demo))
    kept = champion.reference
    assert kept is not None
    order = [np.lexsort((rows.scores, rows.keys)) for rows in (kept, again)]
    assert len(kept) == len(again) == champion.model.metrics["fitted_rows"]
    for name in ("keys", "days", "labels", "scores"):
        before, after = (getattr(rows, name)[places] for rows, places in zip((kept, again), order, strict=True))
        assert (before == after).all(), name


@pytest.mark.slow
def test_a_reference_that_is_gone_is_not_split(demo, job, champion):
    with demo.begin() as connection:
        connection.execute(text("delete from loan_details where application_time like '%-05-2024%'"))
    with pytest.raises(ReferenceGoneError, match="are left"):
        split_reference.fn(job, replace(champion, reference=None), 800)
    assert find_again(demo).self_check is None


@pytest.mark.slow
def test_of_two_runs_one_makes_it(demo, job, champion):
    with hold_lock(demo, Lock.SELF_CHECK, f"{NAME}/{champion.model.version}") as is_ours:
        assert is_ours
        assert split_reference.fn(job, champion, 800) is None
    assert find_again(demo).self_check is None
