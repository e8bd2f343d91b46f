"""The worker's stop: no new run, time for those under way, and an end that their state tells."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect.workers.base import BaseWorker
from prefect.workers.process import ProcessWorker

from deployments import worker as module
from deployments.reports import ReportsError, serve
from deployments.worker import DrainingWorker, end_runs, serve_reports, work
from tasks.prefect_ui.links import link_page
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


def test_the_worker_serves_its_reports_to_this_machine_and_tells_its_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "ROOT", tmp_path)
    for name in ("LOANWATCH_REPORTS_URL", "LOANWATCH_REPORTS_FOLDER"):
        monkeypatch.setenv(name, "")  # as it was before, afterwards
    with serve_reports(("127.0.0.1", 0)):
        run = tmp_path / "results" / "20240901T060000-3f9a1c"
        run.mkdir()
        (run / "report.html").write_text("the report", encoding="utf-8")
        page = link_page(run, "report.html")
        assert page.startswith("http://127.0.0.1:")
        assert httpx.get(page).text == "the report"
        assert httpx.get(page, headers={"Host": "other.example"}).status_code == 400, "no other site's page may ask"
        assert httpx.get(page.replace("report.html", "")).status_code == 404, "no list of a folder"
        assert link_page(tmp_path / "elsewhere" / "job", "report.html").startswith("/"), "another folder is not served"
        assert stat.S_IMODE((tmp_path / "results").stat().st_mode) == 0o700
    with pytest.raises(httpx.TransportError):
        httpx.get(page)


def test_reports_with_a_password_ask_for_it_and_without_one_stay_on_the_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "index.html").write_text("all", encoding="utf-8")
    with pytest.raises(ReportsError, match="LOANWATCH_REPORTS_PASSWORD"), serve(tmp_path, "0.0.0.0", 0):
        pass
    monkeypatch.setenv("LOANWATCH_REPORTS_PASSWORD", "pw")
    with serve(tmp_path, "0.0.0.0", 0) as address:
        here = address.replace("0.0.0.0", "127.0.0.1")
        assert httpx.get(here).status_code == 401
        assert httpx.get(here, auth=("loanwatch", "pw")).text == "all"


def test_a_port_that_is_taken_stops_no_worker(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setenv("LOANWATCH_REPORTS_URL", "")
    with socket.create_server(("127.0.0.1", 0)) as taken, serve_reports(("127.0.0.1", taken.getsockname()[1])):
        assert not os.environ["LOANWATCH_REPORTS_URL"]
    assert "note: The reports are not served" in capsys.readouterr().out
