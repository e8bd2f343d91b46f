"""A run that is told to stop writes its end, whatever it was doing; a lack of memory is told with what to do."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import joblib
import numpy as np
import pytest
from prefect.exceptions import TerminationSignal
from sqlalchemy import Engine, text

from blocks.postgres.connect import Database
from blocks.postgres.errors import DatabaseLostError
from flows.cli.form import takes
from tasks.contract.load import load_contract
from tasks.core.policy import MonitorPolicy
from tasks.core.windows import Window
from tasks.job.job import Job
from tasks.job.journal import write_entry
from tasks.job.stage import stage
from tasks.job.stop import CANCELLED, MemoryTooSmallError
from tasks.run.request import MonitorRequest
from tasks.schema.migrate import prepare_schema

JOB = Job(
    "20240901T060000-abcdef", "monitor", load_contract("loan_applications"), Database("environment"),
    Window(date(2024, 7, 1), date(2024, 7, 31)), MonitorPolicy(), Path(), "", datetime.now(UTC),
)  # fmt: skip


@pytest.fixture
def journal(engine: Engine) -> Iterator[Engine]:
    """A database, and SIGTERM as Prefect handles it while a flow runs."""

    def terminate(number: int, _frame: object) -> None:
        raise TerminationSignal(number)

    prepare_schema(engine)
    previous = signal.signal(signal.SIGTERM, terminate)
    yield engine
    assert signal.getsignal(signal.SIGTERM) is terminate, "the handler is given back"
    signal.signal(signal.SIGTERM, previous)


def read(engine: Engine) -> list[tuple[str, str, str]]:
    with engine.connect() as connection:
        rows = connection.execute(text("select stage, status, message from loanwatch.mljob order by entry"))
        return [tuple(row) for row in rows]


def run(body) -> None:
    takes(MonitorRequest)(lambda request: body())()


def stop() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def swallow() -> None:
    try:
        stop()
    except BaseException:
        raise DatabaseLostError("The connection to the database was cut.") from None


def carry_on() -> None:
    try:
        stop()
    except BaseException:
        return


@pytest.mark.parametrize("act", [stop, swallow])
def test_within_a_stage_its_end_says_so_whatever_error_shows(journal: Engine, act) -> None:
    work = stage("quality", str)(lambda job: act())
    with pytest.raises(TerminationSignal):
        run(lambda: work.fn(JOB))
    (started, ended) = read(journal)
    assert started[:2] == ("quality", "started")
    assert ended[:2] == ("quality", "failed")
    assert ended[2].startswith(CANCELLED)
    assert "SIGTERM" in ended[2]


@pytest.mark.parametrize("act", [stop, swallow])
def test_between_two_stages_the_run_itself_gets_an_end(journal: Engine, act) -> None:
    def body() -> None:
        stage("quality", str)(lambda job: None).fn(JOB)
        act()

    with pytest.raises(TerminationSignal):
        run(body)
    assert [entry[:2] for entry in read(journal)][-2:] == [("quality", "finished"), ("run", "failed")]
    assert read(journal)[-1][2].startswith(CANCELLED)


def test_a_signal_that_somebody_swallowed_ends_the_run_at_the_next_stage(journal: Engine) -> None:
    def body() -> None:
        stage("quality", str)(lambda job: carry_on()).fn(JOB)
        stage("train", str)(lambda job: None).fn(JOB)

    with pytest.raises(TerminationSignal):
        run(body)
    assert [entry[:2] for entry in read(journal)] == [
        ("quality", "started"), ("quality", "finished"), ("run", "failed"),
    ]  # fmt: skip


def test_ctrl_c_is_told_as_such_and_an_earlier_job_is_left_alone(journal: Engine) -> None:
    write_entry(JOB, "journal", "finished")

    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(interrupt)
    assert len(read(journal)) == 1
    with pytest.raises(KeyboardInterrupt):
        run(lambda: stage("train", str)(lambda job: interrupt()).fn(JOB))
    assert "Ctrl-C" in read(journal)[-1][2]


def test_any_other_error_is_told_as_before(journal: Engine) -> None:
    with pytest.raises(DatabaseLostError):
        run(lambda: stage("train", str)(lambda job: _lose()).fn(JOB))
    assert read(journal)[-1] == ("train", "failed", "The connection to the database was cut.")


def _lose() -> None:
    raise DatabaseLostError("The connection to the database was cut.")


def kill_child() -> None:
    joblib.Parallel(n_jobs=2)(joblib.delayed(_die)() for _ in range(2))


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("act", "what"),
    [(lambda: np.ones(1 << 56), "more memory than it may use"), (kill_child, "was killed, most likely")],
)
def test_too_little_memory_says_what_to_do(journal: Engine, act, what, monkeypatch) -> None:
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "2")
    with pytest.raises(MemoryTooSmallError) as error:
        run(lambda: stage("train", str)(lambda job: act()).fn(JOB))
    for words in (what, "LOANWATCH_WORKER_MEMORY", "shorter window", "`[parts]`"):
        assert words in str(error.value)
    assert read(journal)[-1] == ("train", "failed", str(error.value))
    with pytest.raises(MemoryTooSmallError):
        run(act)
