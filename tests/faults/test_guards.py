"""For each promise: its check fails once the guard behind it is taken away. A check that cannot fail shows nothing."""

from __future__ import annotations

import shutil
import threading
import time
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest
from sqlalchemy import text

from tests.faults.actions import wait_for
from tests.faults.child import Point
from tests.faults.lender import write_contract
from tests.faults.planted import plant
from tests.support.replace import replace_object
from tests.support.second_lender import CONTRACT
from tests.support.wait import PATIENCE, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.fault]


def test_a_point_that_no_run_comes_to_is_told(grown):
    with pytest.raises(AssertionError, match="the run never came to SIGKILL stage training started"):
        grown.monitor(Point("stage", "training started"))


def no_transaction() -> None:
    """Promise 1 without its guard: every statement of a promotion commits by itself."""
    from blocks.postgres.connect import connect

    class Loose:
        def __init__(self, engine):
            self._engine = engine

        def __getattr__(self, name):
            return getattr(self._engine, name)

        @contextmanager
        def begin(self):
            with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                yield connection

    replace_object(connect, lambda database: Loose(connect(database)), within="tasks.promotion.install")


def test_1_without_a_transaction_a_death_costs_the_champion(grown):
    point = Point("before", "insert into loanwatch.promotion")
    assert grown.monitor(point, prepare=no_transaction)[0] == -SIGKILL
    with pytest.raises(AssertionError):
        grown.find_champion()


def no_outbox() -> None:
    """Promise 2 without its guard: what is told is not kept."""
    from tasks.alerts.outbox import add_alert

    replace_object(add_alert, lambda engine, entry: True)


def test_2_without_the_outbox_an_alarm_is_lost(grown):
    assert grown.monitor(prepare=no_outbox)[0] == 0
    assert not grown.read("select 1 from loanwatch.alert")


def no_burial() -> None:
    """Promise 3 without its guard: nobody looks after dead runs."""
    from tasks.run.dead_runs import close_dead_runs

    replace_object(close_dead_runs, lambda engine: 0)


def test_3_without_abandoning_a_stage_has_no_end(grown):
    assert grown.monitor(Point("stage", "train started"))[0] == -SIGKILL
    assert grown.monitor(prepare=no_burial)[0] == 0
    assert [stage for _, stage in grown.list_unended()] == ["train"]


def no_sign_of_life() -> None:
    """Promise 3, the other way round: a run that holds no lock is taken for dead."""
    from tasks.job.liveness import hold_job_lock

    replace_object(hold_job_lock, lambda job: None)


def test_3_without_its_lock_a_living_run_is_taken_for_dead(grown):
    from blocks.postgres.connect import Patience, make_engine
    from tasks.run.dead_runs import close_dead_runs

    engine = make_engine(grown.url, Patience())
    seen = []
    for prepare in (None, no_sign_of_life):
        code, done = [], grown.folder / f"done-{len(seen)}"
        point = Point("stage", "train started")
        start = partial(grown.monitor, point, prepare=prepare, action=partial(wait_for, done))
        runner = threading.Thread(target=lambda start=start, code=code: code.append(start()[0]))
        runner.start()
        wait_until(lambda: "train" in [stage for _, stage in grown.list_unended()], PATIENCE, "the training")
        seen.append(close_dead_runs(engine))
        done.touch()
        runner.join()
        assert code == [0]
    engine.dispose()
    assert seen == [0, 1]


def no_check_of_the_champion() -> None:
    """Promise 4 without its guards: a run does not ask whether the champion is still the one that it began with."""
    from tasks.promotion.training_lock import hold_training_lock
    from tasks.registry.versions import find_current

    @contextmanager
    def at_once(job, champion):
        yield

    replace_object(hold_training_lock, at_once)
    replace_object(find_current, lambda *_: 1, within="tasks.registry.promote")


@pytest.mark.parametrize("prepare", [None, no_check_of_the_champion])
def test_4_a_run_finds_that_another_one_was_faster(grown, prepare):
    done, slow = grown.folder / "done", []
    wait = Point("stage", "model_drift finished")
    call = partial(grown.monitor, wait, action=partial(wait_for, done), prepare=prepare, output=grown.folder / "slow")
    runner = threading.Thread(target=lambda: slow.append(call()))
    runner.start()
    wait_until(lambda: grown.has_begun("model_drift", "finished"), PATIENCE, "the end of the drift questions")
    code, said = grown.monitor()
    done.touch()
    runner.join()
    assert code == 0, said
    ((code, said),) = slow
    assert code == 1, said
    assert ("another run" in " ".join(said.split())) == (prepare is None), said
    assert grown.find_champion() == 2


def no_turn_for_the_first() -> None:
    """Promise 4 without its guard: a first champion is trained whoever else trains one."""
    from tasks.promotion.training_lock import wait_for_training_lock
    from tasks.registry.versions import find_champion

    replace_object(wait_for_training_lock, nullcontext, within="tasks.promotion.first_champion")
    replace_object(find_champion, lambda *_: None, within="tasks.promotion.first_champion")


@pytest.mark.parametrize("prepare", [None, no_turn_for_the_first])
def test_4_two_first_runs_at_once_train_one_champion(young, prepare):
    """One stands still in the midst of its training; the other, which saw no champion either, comes to its own."""
    started = "select 1 from loanwatch.mljob where stage = 'first_champion' and status = 'started'"
    done, ends = young.folder / "done", []

    def start(point: Point | None, **changes: Any) -> threading.Thread:
        runner = threading.Thread(target=lambda: ends.append(young.monitor(point, prepare=prepare, **changes)))
        runner.start()
        return runner

    wait = partial(wait_for, done)
    slow = start(Point("file", "shutil.copyfile model.joblib"), action=wait, output=young.folder / "slow")
    wait_until(lambda: young.has_begun("first_champion"), PATIENCE, "the first run's training")
    quick = start(None)
    wait_until(lambda: len(young.read(started)) == 2, PATIENCE, "the second run's turn")
    time.sleep(2)  # no limit: only so that the second has asked for its turn, mostly, before the first is done
    done.touch()
    slow.join()
    quick.join()
    failed = young.read("select message from loanwatch.mljob where stage = 'first_champion' and status = 'failed'")
    assert len(failed) == (0 if prepare is None else 1), ends
    assert len(young.read("select 1 from loanwatch.promotion where from_version is null")) == 1
    assert young.find_champion() is not None
    assert young.list_unended() == []
    # Both find drift: whoever trains second has compared the window with a champion that is none any more.
    assert all(code == 0 or "another run" in " ".join(said.split()) for code, said in ends), ends
    assert any(code == 0 for code, _ in ends), ends


def no_read_only_snapshot() -> None:
    """Promise 5 without its guard: extraction may write."""
    from blocks.postgres.connect import read_snapshot

    @contextmanager
    def read_and_write(engine):
        with engine.begin() as connection:
            yield connection

    replace_object(read_snapshot, read_and_write)


@pytest.mark.parametrize("prepare", [None, no_read_only_snapshot])
def test_5_without_a_read_only_transaction_a_query_writes(grown, prepare):
    """By a function, which the check of the query before the run cannot see through."""
    query = Path(CONTRACT).with_suffix(".sql").read_text(encoding="utf-8").replace(
        "from card_request", "from card_request cross join (select touch()) as gone"
    )  # fmt: skip
    contract = write_contract(grown, query)
    with grown.engine.begin() as connection:
        connection.execute(text("create table touched as select 1 as number"))
        connection.execute(
            text("create function touch() returns int language sql as 'delete from touched returning number'")
        )
    arguments = tuple(contract if word == CONTRACT else word for word in grown.arguments)
    code, said = grown.monitor(arguments=arguments, prepare=prepare)
    assert code == (1 if prepare is None else 0), said
    assert len(grown.read("select 1 from touched")) == (1 if prepare is None else 0)


def no_sums() -> None:
    """Promise 6 without its guard: a bundle's sums are not compared."""
    from tasks.registry.bundle import _hash

    replace_object(_hash, lambda content: Sum())


class Sum(str):
    """Equal to every other sum."""

    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False


@pytest.mark.parametrize("prepare", [None, no_sums])
def test_6_without_its_sums_a_planted_pickle_runs(grown, prepare):
    (row,) = grown.read("select artifact from loanwatch.model_version")
    own, marker = grown.folder / "own", grown.folder / "was-run"
    shutil.copytree(row["artifact"].removeprefix("file://"), own)
    plant(own, marker, mend_manifest=False)
    with grown.engine.begin() as connection:
        connection.execute(text("update loanwatch.model_version set artifact = :place"), {"place": f"file://{own}"})
    code, _ = grown.monitor(prepare=prepare)
    assert code == 1
    assert marker.exists() == (prepare is not None)
