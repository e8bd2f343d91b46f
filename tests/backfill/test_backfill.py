"""Backfill: which windows, in which order, shared by workers that may die; and the turn from training to promotion."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import text

from blocks.errors import LoanwatchError
from blocks.postgres.connect import Patience, make_engine
from flows.backfill import backfill
from tasks.backfill.local_workers import WAIT, prepare_worker
from tasks.backfill.queue import Replay, claim_next, cut_windows, list_replays, name_backfill, save_plan, save_state
from tasks.contract.load import load_contract
from tasks.core.policy import MonitorPolicy, SelfCheckPolicy, TrainPolicy
from tasks.core.windows import PlanError, Window
from tasks.registry.versions import NoChampionError
from tasks.schema.locks import Lock, hold_lock
from tasks.schema.migrate import prepare_schema
from tests.support import ROOT
from tests.support.flow import month, run_monitor
from tests.support.small_model import find_bundle, install
from tests.support.wait import PATIENCE

QUICK = MonitorPolicy(
    train=TrainPolicy(forest_trees=20, boosting_rounds=40, folds=2),
    self_check=SelfCheckPolicy(splits=0),
)
WEEK = [Window(date(2024, 1, day), date(2024, 1, day)) for day in range(1, 8)]


@pytest.mark.parametrize(
    ("start", "end", "every", "count"),
    [
        (date(2023, 12, 1), date(2024, 2, 29), "month", 3),  # over a year's end and a leap day
        (date(2024, 1, 3), date(2024, 1, 16), "week", 2),
        (date(2024, 1, 3), date(2024, 1, 3), "day", 1),
    ],
)
def test_windows_cover_every_day_once(start, end, every, count):
    windows = cut_windows(start, end, every)
    assert len(windows) == count
    assert windows[0].start == start
    assert windows[-1].end == end
    assert sum(window.days for window in windows) == Window(start, end).days


@pytest.mark.parametrize(
    ("start", "end", "every"),
    [
        (date(2024, 1, 2), date(2024, 3, 31), "month"),
        (date(2024, 1, 1), date(2024, 3, 30), "month"),
        (date(2024, 1, 1), date(2024, 1, 8), "week"),
    ],
)
def test_half_a_window_is_refused_and_not_left_out(start, end, every):
    with pytest.raises(PlanError, match="part"):
        cut_windows(start, end, every)


def test_another_request_is_another_backfill():
    days = Window(date(2024, 1, 1), date(2024, 3, 31))
    assert name_backfill(days, "month", {"champion": 1}) == name_backfill(days, "month", {"champion": 1})
    assert name_backfill(days, "month", {"champion": 1}) != name_backfill(days, "month", {"champion": 2})


@pytest.fixture
def planned(engine):
    prepare_schema(engine)
    save_plan(engine, "loans", [Replay("b", window, {}) for window in WEEK], afresh=False)
    return engine


def test_two_workers_never_hold_the_same_window(planned):
    with claim_next(planned, "b", in_order=False) as first, claim_next(planned, "b", in_order=False) as second:
        assert (first.window, second.window) == (WEEK[0], WEEK[1])
        with claim_next(planned, "b", in_order=True) as third:
            assert third is None  # in order, nobody overtakes


def test_a_window_is_open_again_when_its_worker_ends_without_a_word_and_fails_at_last(planned):
    for attempt in (1, 2, 3):
        with claim_next(planned, "b", in_order=True) as replay:
            assert (replay.window, replay.attempts) == (WEEK[0], attempt)
    with claim_next(planned, "b", in_order=True) as replay:
        assert replay is None
    assert list_replays(planned, "b")[0].state == "failed"
    save_plan(planned, "loans", [Replay("b", WEEK[0], {})], afresh=False)
    with claim_next(planned, "b", in_order=True) as replay:
        assert (replay.window, replay.attempts) == (WEEK[0], 4)


def test_what_is_finished_is_not_done_again_unless_asked(planned):
    with claim_next(planned, "b", in_order=True) as replay:
        save_state(planned, replace(replay, state="finished", outcome="stable"))
    save_plan(planned, "loans", [Replay("b", WEEK[0], {})], afresh=False)
    assert list_replays(planned, "b")[0].state == "finished"
    save_plan(planned, "loans", [Replay("b", WEEK[0], {})], afresh=True)
    assert list_replays(planned, "b")[0].state == "pending"


def test_a_lock_is_one_processs_and_ends_with_its_connection(engine, database):
    other = make_engine(database, Patience())
    with hold_lock(engine, Lock.WINDOW, "name") as is_ours:
        assert is_ours
        with hold_lock(other, Lock.WINDOW, "name") as is_theirs, hold_lock(other, Lock.WINDOW, "another") as is_free:
            assert (is_theirs, is_free) == (False, True)
    with hold_lock(other, Lock.WINDOW, "name") as is_theirs:
        assert is_theirs
    other.dispose()


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
def test_without_a_champion_nothing_is_promoted(demo, tmp_path):
    with pytest.raises(NoChampionError, match="may not put one there"):
        run_monitor(tmp_path, **month(2024, 8), may_promote=False)
    assert _count(demo, "select count(*) from loanwatch.promotion") == 0


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
def test_a_second_run_waits_for_its_turn_and_says_why_not(demo, tmp_path):
    impatient = QUICK.model_copy(update={"promotion": QUICK.promotion.model_copy(update={"lock_seconds": 0})})
    contract = load_contract("loan_applications")
    prepare_schema(demo)
    with demo.begin() as connection:
        install(connection, contract, tmp_path / "models", find_bundle())
    with (
        hold_lock(demo, Lock.TRAINING, "loan_applications"),
        pytest.raises(LoanwatchError, match="Another run trains"),
    ):
        run_monitor(tmp_path, **month(2024, 12), policy=impatient)


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
def test_two_workers_one_of_them_killed(demo, tmp_path, monkeypatch):
    """Nothing is lost and nothing doubled; a second command finds nothing to do."""
    run_monitor(tmp_path, **month(2024, 8), policy=QUICK)
    promotions = _count(demo, "select count(*) from loanwatch.promotion")
    alerts = _count(demo, "select count(*) from loanwatch.alert")
    monkeypatch.chdir(ROOT)
    asked = {
        "start": date(2024, 9, 1),
        "end": date(2024, 11, 30),
        "champion": 1,
        "workers": 2,
        "policy": QUICK,
        "results": str(tmp_path / "results"),
        "models": str(tmp_path / "models"),
    }
    prepare_worker("flows.backfill_worker")  # one of the two was started early, as by the command
    killed = []
    killer = threading.Thread(target=lambda: killed.append(kill_a_worker(demo)))
    killer.start()
    done = backfill(**asked)
    killer.join()
    assert killed == [True], "no worker was killed"
    logs = sorted(file.name for file in (tmp_path / "results").glob("backfill-*/worker-*.log"))
    assert logs == ["worker-1.log", "worker-2.log"]
    assert [window["start"] for window in done["windows"]] == [f"2024-{number:02}-01" for number in range(9, 12)]
    # As the demo's story goes: a quiet month, a changed rule, a broken unit; a replay promotes nothing.
    assert [window["outcome"] for window in done["windows"]] == ["stable", "kept", "kept"]
    assert sum(window["attempts"] for window in done["windows"]) == 4, "the killed worker's window was run again"
    finished = (
        "select count(*), count(distinct window_start) from loanwatch.finding"
        " where position = 0 and window_start >= '2024-09-01'"
    )
    with demo.connect() as connection:
        assert tuple(connection.execute(text(finished)).one()) == (3, 3), "one run a window left its findings"
    assert _count(demo, "select count(*) from loanwatch.promotion") == promotions, "a replay promotes nothing"
    assert backfill(**asked) == done, "finished windows have no second attempt"
    summaries = _count(demo, "select count(*) from loanwatch.alert where alert_id like 'backfill/%'")
    assert summaries == 1, "one message, told once"
    assert _count(demo, "select count(*) from loanwatch.alert") == alerts + summaries, "no window tells by itself"


@pytest.mark.slow
def test_a_worker_that_was_started_early_ends_in_silence_where_it_gets_no_order():
    command = [sys.executable, "-m", "flows.backfill_worker", WAIT]
    done = subprocess.run(command, cwd=ROOT, input=b"", capture_output=True, timeout=PATIENCE, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.slow
def test_a_worker_that_was_started_early_says_what_it_does_in_its_file_alone(tmp_path):
    orders = {"arguments": ["--help"], "environment": {}, "log": str(tmp_path / "worker-1.log")}
    command = [sys.executable, "-m", "flows.backfill_worker", WAIT]
    told = json.dumps(orders).encode() + b"\n"
    done = subprocess.run(command, cwd=ROOT, input=told, capture_output=True, timeout=PATIENCE, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert "One worker of a backfill" in (tmp_path / "worker-1.log").read_text(encoding="utf-8")


def kill_a_worker(engine, patience=300):
    """Once both workers are at a window, end one of them as a lack of memory would; returns whether that was done."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        listed = subprocess.run(
            ["ps", "-o", "pid=,args=", "--ppid", str(os.getpid())], capture_output=True, text=True, check=False
        ).stdout
        workers = [int(line.split()[0]) for line in listed.splitlines() if "flows.backfill_worker" in line]
        running = "select count(*) from loanwatch.backfill_window where state = 'running'"
        if len(workers) == 2 and _count(engine, running) == 2:
            os.kill(workers[0], signal.SIGKILL)
            return True
        time.sleep(0.2)
    return False


def _count(engine, query):
    with engine.connect() as connection:
        return connection.execute(text(query)).scalar_one()
