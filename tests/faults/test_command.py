"""The command as a user has it, with its temporary Prefect server, is hit from outside while it works."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from tests.faults.test_breaks import next_run_works
from tests.support import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.fault]

PATIENCE_SECONDS = 400


def start(lender) -> subprocess.Popen[str]:
    """`python -m flows.monitor` with a Prefect of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environment |= lender.environment | {"PREFECT_HOME": str(lender.folder / "prefect")}
    return subprocess.Popen(
        [sys.executable, "-m", "flows.monitor", *lender.arguments], cwd=ROOT, env=environment, text=True,
        stdout=(lender.folder / "said.txt").open("w"), stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip


def wait_for_stage(lender, stage: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    query = "select 1 from loanwatch.mljob where stage = :stage and status = 'started'"
    while not lender.read(query, stage=stage):
        if time.monotonic() > deadline:
            pytest.fail(f"the stage {stage} has not started")
        time.sleep(0.05)


def kill_command(run: subprocess.Popen[str]) -> None:
    os.kill(run.pid, signal.SIGKILL)


def end_command(run: subprocess.Popen[str]) -> None:
    os.kill(run.pid, signal.SIGTERM)


def kill_prefect_server(run: subprocess.Popen[str]) -> None:
    listed = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(run.pid)], stdout=subprocess.PIPE, text=True, check=True
    )
    for line in listed.stdout.splitlines():
        if "flows.cli.temporary_server" in line:
            os.kill(int(line.split()[0]), signal.SIGKILL)
            return
    pytest.fail(f"no server among the run's children:\n{listed.stdout}")


@pytest.mark.parametrize(
    ("hit", "stage"),
    [(kill_command, "train"), (end_command, "train"), (kill_command, "promote"), (kill_prefect_server, "drift")],
    ids=["SIGKILL-train", "SIGTERM-train", "SIGKILL-promote", "prefect-server-gone"],
)
def test_the_command_is_hit(grown, hit: Callable[[subprocess.Popen[str]], None], stage):
    run = start(grown)
    try:
        wait_for_stage(grown, stage)
        hit(run)
        code = run.wait(PATIENCE_SECONDS)
    finally:
        # The temporary server of a run that was killed outlives it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGKILL)
    said = (grown.folder / "said.txt").read_text(encoding="utf-8")
    assert code != 0, said
    if hit is kill_prefect_server:
        assert "The Prefect server is gone" in " ".join(said.split()), said
        assert "did not expect" not in said
    assert grown.find_champion() in (1, 2)
    next_run_works(grown)
