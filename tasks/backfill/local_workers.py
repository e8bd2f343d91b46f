"""Local runs: the windows of a backfill in worker processes on this machine (on a work pool:
`tasks/backfill/work_pool.py`)."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from prefect.client.orchestration import get_client
from prefect.settings import get_current_settings
from sqlalchemy import Engine

from tasks.backfill.queue import BackfillError, Replay, list_replays
from tasks.core.files import make_private_folder

POLL_SECONDS = 0.5
WAIT = "--wait"

log = logging.getLogger("loanwatch")
_waiting: list[subprocess.Popen[bytes]] = []


def prepare_worker(module: str) -> None:
    """Start a worker that imports beside this process, and waits for what it is to do.

    It ends with this process; Ctrl-C is for this one alone.
    """
    command = [sys.executable, "-m", module, WAIT]
    worker = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603 - our own command
    _waiting.append(worker)


def replay_here(
    engine: Engine, planned: list[Replay], workers: int, module: str, *, in_order: bool
) -> Iterator[list[Replay]]:
    """Start worker processes, and another one for each that is killed; yields every window from time to time."""
    open_windows = sum(replay.is_open for replay in planned)
    crew = [_start_worker(planned[0], number, module, in_order) for number in range(min(workers, open_windows))]
    try:
        while crew:
            time.sleep(POLL_SECONDS)
            replays = list_replays(engine, planned[0].backfill)
            yield replays
            for number, worker in enumerate(crew):
                code = worker.poll()
                if code is not None and code < 0 and any(replay.is_open for replay in replays):
                    log.info("a worker was killed (signal %d); its window goes to another one", -code)
                    crew[number] = _start_worker(planned[0], number, module, in_order)
                elif code:
                    raise BackfillError(f"A worker could not work: {_read_end(planned[0], number)}")
            if all(worker.poll() is not None for worker in crew):
                break
        yield list_replays(engine, planned[0].backfill)
    finally:
        for worker in crew:
            worker.terminate()
        for worker in crew:
            worker.wait()


def _start_worker(replay: Replay, number: int, module: str, in_order: bool) -> subprocess.Popen[bytes]:
    """A process that shares this one's Prefect server, database and folder; what it says goes to a file."""
    arguments = [replay.backfill]
    if replay.parameters["database"]:
        arguments += ["--database", replay.parameters["database"]]
    if in_order:
        arguments += ["--in-order"]
    if get_current_settings().flows.heartbeat_frequency is None:
        arguments += ["--unwatched"]
    with get_client(sync_client=True) as client:
        settings = get_current_settings().to_environment_variables(exclude_unset=True)
        environment = {**os.environ, **settings, "PREFECT_API_URL": str(client.api_url)}
    written = _name_log(replay, number)
    make_private_folder(written.parent.parent)
    written.parent.mkdir(exist_ok=True)
    with written.open("ab") as file:
        while _waiting:
            worker = _waiting.pop()
            with suppress(BrokenPipeError):  # it was killed, and another one is started
                orders = {"arguments": arguments, "environment": environment, "log": str(written.absolute())}
                _give_orders(worker, orders)
                return worker
        command = [sys.executable, "-m", module, *arguments]
        return subprocess.Popen(  # noqa: S603 - our own command
            command, stdout=file, stderr=file, stdin=subprocess.DEVNULL, env=environment
        )


def _give_orders(worker: subprocess.Popen[bytes], orders: dict[str, Any]) -> None:
    """Tell a waiting worker what to do. Raises BrokenPipeError where it is gone."""
    if worker.stdin is not None:
        worker.stdin.write(json.dumps(orders).encode() + b"\n")
        worker.stdin.close()


def read_orders() -> list[str]:
    """What a worker that was started early is to do: the arguments of its command.

    It sees the same Prefect server as who has started it, and what it says goes to its file. Where that process ends
    without any order, so does this one.
    """
    from prefect.context import refresh_global_settings_context

    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
    orders = json.loads(line)
    os.environ.update(orders["environment"])
    refresh_global_settings_context()
    _replace(0, os.devnull, os.O_RDONLY)
    for descriptor in (1, 2):
        _replace(descriptor, orders["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    return list(orders["arguments"])


def _replace(descriptor: int, path: str, flags: int) -> None:
    """Let a standard stream lead to a file."""
    opened = os.open(path, flags, 0o600)
    os.dup2(opened, descriptor)
    os.close(opened)


def _name_log(replay: Replay, number: int) -> Path:
    return Path(replay.parameters["results"]) / f"backfill-{replay.backfill}" / f"worker-{number + 1}.log"


def _read_end(replay: Replay, number: int) -> str:
    written = _name_log(replay, number)
    lines = written.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return f"{' '.join(lines[-3:])} ({written} has more)"
