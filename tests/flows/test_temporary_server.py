"""The Prefect server that a command starts for itself."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import httpx
import pytest
from prefect.client.schemas.objects import StateDetails
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Completed

from flows.cli import run_locally as local
from flows.cli.run_locally import run_flow
from flows.cli.temporary_server import TemporaryServer, is_wanted, runs_flow
from tasks.job.stage import Stage
from tests.support import ROOT
from tests.support.wait import PATIENCE, wait_until

PYTHON = "/usr/bin/python"


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        ([PYTHON, "-m", "flows.monitor", "--month", "2024-08"], True),
        ([PYTHON, "-X", "dev", "-m", "flows.backfill"], True),
        ([PYTHON, "-m", "flows.monitor", "--help"], False),  # nothing runs
        ([PYTHON, "-m", "flows.models"], False),  # not a flow
        ([PYTHON, "-m", "pytest"], False),
        ([PYTHON, "-m", "train"], False),  # somebody else's
        ([PYTHON, "program.py"], False),
    ],
)
def test_a_server_is_wanted_by_commands_that_run_a_flow(monkeypatch, command: list[str], wanted: bool):
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    assert is_wanted(command) is wanted


def test_none_is_wanted_where_one_is_named(monkeypatch):
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:4200/api")
    assert not is_wanted([PYTHON, "-m", "flows.monitor"])
    assert runs_flow([PYTHON, "-m", "flows.monitor"])


def test_waste_is_looked_for_again_once_the_imports_are_done(monkeypatch):
    seen = []
    monkeypatch.setattr(local, "prepare_console", lambda show: seen.append(gc.isenabled()) or sys.exit())
    gc.disable()
    try:
        with pytest.raises(SystemExit):
            local.run_flow(None, {}, print)
    finally:
        gc.enable()
    assert seen == [True]


@pytest.mark.parametrize(("calls", "waits"), [(0, False), (14, True)])
def test_the_command_waits_for_the_end_of_its_own_stages_only(monkeypatch, calls: int, waits: bool):
    """A backfill's stages are runs of its workers: ten seconds were waited for what never came."""
    run, asked = uuid4(), []
    monkeypatch.setattr(Stage, "calls", calls)
    monkeypatch.setattr(local, "temporary_server", SimpleNamespace(is_running=True))
    monkeypatch.setattr(local, "_is_recorded", lambda flow_run_id: asked.append(flow_run_id) or True)
    local._let_server_finish(Completed(state_details=StateDetails(flow_run_id=run)))
    assert asked == [run] * waits


@pytest.mark.slow
def test_a_configured_server_is_used(prefect_server):
    server, configured = TemporaryServer(), PREFECT_API_URL.value()
    assert configured
    with server.attach():
        assert PREFECT_API_URL.value() == configured
        assert not server.is_running


@pytest.mark.slow
def test_one_that_cannot_start_says_so_and_what_to_do(monkeypatch, capfd):
    broken = TemporaryServer()
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("PREFECT_SERVER_DATABASE_CONNECTION_URL", "nothing://at-all")
    monkeypatch.setattr("flows.cli.run_locally.temporary_server", broken)
    with temporary_settings({PREFECT_API_URL: None}):
        code, _ = run_flow(None, {}, lambda console, outcome: None)  # type: ignore[arg-type] - it never gets so far
    said = capfd.readouterr().err
    assert code == 1
    assert "did not start" in said
    assert "set PREFECT_API_URL" in said
    assert "did not expect" not in said
    assert not broken.is_running


@pytest.mark.slow
def test_it_answers_and_ends(monkeypatch, tmp_path):
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    server = TemporaryServer()
    server.start()
    with temporary_settings({PREFECT_API_URL: None}), server.attach():
        address = str(PREFECT_API_URL.value())
        assert httpx.get(f"{address}/health").json() is True
    server.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{address}/health")


@pytest.mark.slow
def test_it_does_not_outlive_a_killed_command(tmp_path):
    program = (
        "import os, signal; from flows.cli.temporary_server import TemporaryServer; server = TemporaryServer(); "
        "server.start(); server._wait(); print(server._process.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PREFECT_API_URL"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment | {"PREFECT_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    server = Path(f"/proc/{int(done.stdout)}")
    wait_until(lambda: not server.exists(), PATIENCE, "the end of the command's server")


@pytest.mark.slow
def test_where_prefects_folder_cannot_be_written_the_command_says_what_to_do(tmp_path):
    (tmp_path / "file").touch()
    home = tmp_path / "file" / "prefect"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environment |= {"PREFECT_HOME": str(home), "LOANWATCH_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    command = [sys.executable, "-m", "flows.monitor", "--results", str(tmp_path / "results")]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    said = " ".join(done.stderr.split())
    assert done.returncode == 1
    assert f"records of a run in {home}, which cannot be written" in said
    assert "PREFECT_HOME" in said
    assert "PREFECT_API_URL" in said
    assert "Traceback" not in said
