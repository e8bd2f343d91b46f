"""Speed of a cluster: one month's window, read and measured by one and by two Dask workers of one thread each.

Scheduler, workers and database share this machine's cores with the process that merges, so that on two cores this is
the worst that can be said of two workers. The workers have read a day before, and so have imported what they need.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import speed_extract
from benchmarks.speed_data import HOME
from blocks.errors import LoanwatchError
from blocks.postgres.connect import Database
from tasks.core.policy import MonitorPolicy
from tasks.core.windows import Window
from tasks.job.job import Job

VARIANTS = {"one worker": 1, "two workers": 2}
SECONDS_TO_START = 120


class ClusterStartError(LoanwatchError):
    """The scheduler or a worker did not start."""


def prepare_cluster(folder: Path, variant: str) -> Callable[[], Any]:
    """The month on a cluster of so many workers, without a champion; or in parts by this process."""
    from tasks.models.cluster.read import read_on_cluster
    from tasks.models.read_window import read_job_window

    database = Database("embedded", str(folder / HOME))
    window = speed_extract.WINDOW
    job = Job("j", "monitor", speed_extract.CONTRACT, database, window, MonitorPolicy(), folder, "", datetime.now(UTC))
    if variant not in VARIANTS:
        return lambda: read_job_window(job, None)
    running = ExitStack()
    atexit.register(running.close)
    _attach_prefect(running)
    job = replace(job, engine=start_cluster(folder, VARIANTS[variant], running))
    read_on_cluster(replace(job, window=Window(window.start, window.start)), None)
    return lambda: read_on_cluster(job, None)


def start_cluster(folder: Path, workers: int, running: ExitStack) -> str:
    """A scheduler and workers of one thread each, which end with `running`; returns the scheduler's address."""
    told = folder / f"scheduler-{workers}-{os.getpid()}.json"
    _start(running, folder, "scheduler", "--host=127.0.0.1", "--port=0", "--no-dashboard", f"--scheduler-file={told}")
    deadline = time.monotonic() + SECONDS_TO_START
    while not told.exists():
        if time.monotonic() > deadline:
            raise ClusterStartError(f"The Dask scheduler did not start within {SECONDS_TO_START} s; see {folder}.")
        time.sleep(0.2)
    address = str(json.loads(told.read_text(encoding="utf-8"))["address"])
    for _ in range(workers):
        _start(running, folder, "worker", address, "--nthreads=1", "--no-nanny", f"--local-directory={folder}")
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(workers, timeout=SECONDS_TO_START)
    return address


def _start(running: ExitStack, folder: Path, what: str, *options: str) -> None:
    said = (folder / f"dask-{what}.log").open("ab")
    command = [sys.executable, "-m", f"distributed.cli.dask_{what}", *options]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, stdout=said, stderr=said, env=environment)
    running.callback(process.wait)
    running.callback(process.kill)


def _attach_prefect(running: ExitStack) -> None:
    """A Prefect server for the tasks' records, as a command has one."""
    from flows.cli.temporary_server import temporary_server

    running.enter_context(temporary_server.attach())
