"""A Dask cluster on this machine: a scheduler and workers, each a process of its own that can be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support import ROOT
from tests.support.wait import PATIENCE, wait_until


@dataclass
class LocalCluster:
    """A scheduler, and as many workers of one thread as are started. All of them end with `stop`."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.told = self.folder / "scheduler.json"
        places = ("--host", "127.0.0.1", "--port", "0", "--dashboard-address", "127.0.0.1:0")
        self.scheduler = self._start("scheduler", *places, "--scheduler-file", str(self.told))
        self.address = str(wait_until(self._read_address, PATIENCE, "the scheduler"))

    def add_worker(self, folder: Path = ROOT, scratch: Path | None = None) -> subprocess.Popen[bytes]:
        """One more worker, with the loanwatch of that folder, as soon as the scheduler knows it.

        `scratch` is where it may keep files of its own.
        """
        count = len(self.list_workers())
        files = ("--local-directory", str(scratch or self.folder))
        options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", *files)
        worker = self._start("worker", self.address, *options, folder=folder)
        self.workers.append(worker)
        wait_until(lambda: len(self.list_workers()) > count, PATIENCE, "the worker")
        return worker

    def list_workers(self) -> list[str]:
        """The addresses of the workers."""
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            return list(client.nthreads())

    def stop(self) -> None:
        """End what still runs."""
        for process in (*self.workers, self.scheduler):
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()

    def _start(self, what: str, *options: str, folder: Path = ROOT) -> subprocess.Popen[bytes]:
        said = (self.folder / f"{what}-{len(self.workers)}.log").open("wb")
        return subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{what}", *options],
            cwd=folder,
            env={**os.environ, **self.environment},
            stdout=said,
            stderr=said,
        )

    def _read_address(self) -> Any:
        return json.loads(self.told.read_text(encoding="utf-8"))["address"] if self.told.exists() else None


@contextmanager
def run_cluster(folder: Path, workers: int, **environment: str) -> Iterator[LocalCluster]:
    """A cluster of so many workers."""
    folder.mkdir(parents=True, exist_ok=True)
    cluster = LocalCluster(folder, environment)
    try:
        for _ in range(workers):
            cluster.add_worker()
        yield cluster
    finally:
        cluster.stop()
