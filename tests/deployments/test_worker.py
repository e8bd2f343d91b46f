"""The worker's stop: no new run, time for those under way, and an end that their state tells."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import pytest
from prefect.workers.base import BaseWorker
from prefect.workers.process import ProcessWorker

from deployments import worker as module
from deployments.worker import DrainingWorker, end_runs, work
from tests.support.wait import wait_until


class Pretended:
    """A worker with one run under way, which ends after some seconds."""

    def __init__(self, seconds: float) -> None:
        self.is_draining, self.was_cancelled, self._seconds = False, False, seconds
        self._end = float("inf")

    @property
    def is_busy(self) -> bool:
        return time.monotonic() < self._end

    async def start(self, with_healthcheck: bool) -> None:
        assert with_healthcheck
        self._end = time.monotonic() + self._seconds
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM)).start()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            self.was_cancelled = True
            raise


@pytest.mark.parametrize(("seconds", "patience", "is_ended"), [(1.0, 30.0, False), (30.0, 0.5, True)])
def test_a_run_under_way_may_end(
    monkeypatch: pytest.MonkeyPatch, seconds: float, patience: float, is_ended: bool
) -> None:
    ended: list[bool] = []
    monkeypatch.setattr(module, "end_runs", lambda: ended.append(True))
    monkeypatch.setattr(module, "LAST_WORDS_SECONDS", 0.2)
    worker: Any = Pretended(seconds)
    asyncio.run(work(worker, patience))
    assert worker.is_draining
    assert worker.was_cancelled
    assert bool(ended) is is_ended
    assert worker.is_busy is is_ended


def test_a_worker_that_is_about_to_stop_takes_up_no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    async def poll(_: ProcessWorker) -> list[Any]:
        assert worker.is_busy, "what is asked for may start a run"
        return ["a run"]

    monkeypatch.setattr(ProcessWorker, "get_and_submit_flow_runs", poll)
    worker = DrainingWorker(work_pool_name="loanwatch", limit=1)
    assert asyncio.run(worker.get_and_submit_flow_runs()) == ["a run"]
    worker.is_draining = True
    assert asyncio.run(worker.get_and_submit_flow_runs()) == []


def test_prefects_own_worker_stays_what_it_is() -> None:
    assert BaseWorker.get_worker_class_from_type("process") is ProcessWorker
    assert DrainingWorker.type == "process"


def test_only_runs_are_ended() -> None:
    wait = "import sys, time; print(flush=True); time.sleep(60)"
    run, other = (
        subprocess.Popen([sys.executable, "-c", wait, *words], stdout=subprocess.PIPE)
        for words in (["prefect.engine"], ["something else"])
    )
    try:
        for process in (run, other):
            assert process.stdout is not None
            process.stdout.readline()
        end_runs()
        wait_until(lambda: run.poll() is not None, 10, "the run's process to end")
        assert other.poll() is None
    finally:
        for process in (run, other):
            process.kill()
            process.communicate()
