"""The command as a user has it, with its temporary Prefect server, is hit from outside while it works."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.faults.lender import next_run_works
from tests.support import ROOT
from tests.support.wait import PATIENCE, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.fault]


def start(lender) -> subprocess.Popen[str]:
    """`python -m flows.monitor` with a Prefect of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environment |= lender.environment | {"PREFECT_HOME": str(lender.folder / "prefect")}
    return subprocess.Popen(
        [sys.executable, "-m", "flows.monitor", *lender.arguments], cwd=ROOT, env=environment, text=True,
        stdout=(lender.folder / "said.txt").open("w"), stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip


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
    ("hit", "stage", "champions"),
    [
        (kill_command, "train", (1,)),
        (end_command, "train", (1,)),
        (kill_command, "promote", (1, 2)),  # a signal from outside meets any moment of a promotion
        (kill_prefect_server, "drift", (2,)),  # the run goes on without its server, and promotes
    ],
    ids=["SIGKILL-train", "SIGTERM-train", "SIGKILL-promote", "prefect-server-gone"],
)
def test_the_command_is_hit(grown, hit: Callable[[subprocess.Popen[str]], None], stage, champions):
    run = start(grown)
    try:
        wait_until(lambda: grown.has_begun(stage), PATIENCE, f"the stage {stage}", pause=0.05)
        hit(run)
        code = run.wait(PATIENCE)
    finally:
        # The temporary server of a run that was killed outlives it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGKILL)
    said = (grown.folder / "said.txt").read_text(encoding="utf-8")
    assert code != 0, said
    if hit is kill_prefect_server:
        assert "Connection to the Prefect server was lost" in " ".join(said.split()), said
        assert "did not expect" not in said
    if hit is end_command:
        ended = grown.read("select stage, message from loanwatch.mljob where status = 'failed'")
        assert [(row["stage"], row["message"].startswith("cancelled: ")) for row in ended] == [(stage, True)]
        assert "told to stop" in " ".join(said.split()), said
        with sqlite3.connect(grown.folder / "prefect" / "prefect.db") as records:
            states = records.execute("select state_type from flow_run").fetchall()
        assert states == [("CRASHED",)], "Prefect knows the end, too"
    assert grown.find_champion() in champions
    next_run_works(grown)
