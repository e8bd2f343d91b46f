"""Speed of commands, from the call to the screen: a quiet month and a retraining, a backfilled year, the history.

Pieces for `python -m benchmarks.speed`, on a lender of 2,000 applications a month, whatever `--rows` says. With
SPEED_TREE, the folder of another checkout, its commands are measured by the same stopwatch: before and after.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from statistics import median
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np
from sqlalchemy import Engine, text

from benchmarks.speed_data import HOME, connect_to
from blocks.errors import LoanwatchError
from tasks.contract.load import load_contract
from tasks.core.windows import month_of
from tasks.demo.fill import copy_frame
from tasks.demo.generator import DEMO_CONTRACT, make_month
from tasks.demo.story import Month
from tasks.schema.migrate import prepare_schema
from tasks.source_tables.tables import create_tables

PER_MONTH, MONTHS = 2_000, 24
REFERENCE = ("--reference-start", "2022-01-01", "--reference-end", "2022-06-30")
QUIET, DRIFTED = "2022-08", "2023-12"
YEAR = ("--start", "2022-08-01", "--end", "2023-07-31")
TREE = Path(os.environ.get("SPEED_TREE", Path(__file__).parent.parent))
_QUERY = re.compile(r"(?:of which|after) ([\d.]+) s to the first query")
_VERDICT = re.compile(r"^ *(verdict after|took) ")

Figures = dict[str, float]


class CommandError(LoanwatchError):
    """A measured command failed."""


def fill_quiet_lender(engine: Engine) -> None:
    """Two years of a lender at which nothing happens, but for higher incomes in the last month."""
    sources = load_contract(DEMO_CONTRACT).sources
    with engine.begin() as connection:
        for source in sources:
            connection.execute(text(f"drop table if exists {source.table}"))
        create_tables(connection, sources)
        for number in range(MONTHS):
            name = f"{2022 + number // 12}-{number % 12 + 1:02}"
            month = Month(month_of(name).start, "", "", income_factor=1.2 if name == DRIFTED else 1.0)
            tables = make_month(np.random.default_rng([7, number]), month, PER_MONTH)
            for source in sources:
                copy_frame(connection, source.table, tables[source.table][list(source.columns)])


def prepare_start(folder: Path, variant: str) -> Callable[[], Figures]:
    """One month monitored; figures: seconds from the command to the first query, and to the verdict on the screen.

    `quiet month` and `retraining` start a temporary Prefect server, `running server` finds one.
    """
    folder = make_quiet_lender(folder)
    month = ("--month", DRIFTED if variant == "retraining" else QUIET)
    if variant != "running server":
        return lambda: time_command(folder, "flows.monitor", *month)
    server = ExitStack()
    address = server.enter_context(serve_prefect(folder))
    atexit.register(server.close)  # its end is no part of what is measured
    return lambda: time_command(folder, "flows.monitor", *month, PREFECT_API_URL=address)


def prepare_backfill(folder: Path, variant: str) -> Callable[[], Figures]:
    """A year of quiet months, replayed by one worker: a twelfth of the seconds, and those from window to window.

    The second is the median, so that it holds neither the start nor a window in which chance led to a retraining.
    """
    folder = make_quiet_lender(folder)

    def run() -> Figures:
        began = time.perf_counter()
        time_command(folder, "flows.backfill", *YEAR, "--afresh")
        seconds = time.perf_counter() - began
        files = sorted((folder / "results").glob("*/summary.json"))[-12:]
        runs = [json.loads(file.read_text(encoding="utf-8")) for file in files]
        ends = [datetime.fromisoformat(run["finished_at"]) for run in runs]
        steps = [(after - before).total_seconds() for before, after in pairwise(ends)]
        retrained = sum(run["comparison"] is not None for run in runs)
        return {"a twelfth": seconds / 12, "window to window": median(steps), "retrainings": retrained}

    return run


def prepare_history(folder: Path, variant: str) -> Callable[[], Figures]:
    """The history page of 300 runs of one contract, or of ten years of three contracts: seconds, and its size."""
    from tests.support.made_up_history import fill_history

    place = folder / f"history of {variant}"
    results = place / "results"
    place.mkdir(exist_ok=True)
    engine = connect_to(place)
    prepare_schema(engine)
    if not results.exists():
        if variant == "300 runs":
            fill_history(engine, results, runs=270)
        else:
            for number in range(3):
                fill_history(engine, results, 120, contract=f"lender_{number}", number=1_000 * number)

    def run() -> Figures:
        time_command(place, "flows.history")
        return {"page, MB": (results / "index.html").stat().st_size / 1e6}

    return run


def time_command(folder: Path, module: str, *options: str, **variables: str) -> Figures:
    """Run a command to its end; returns the seconds to its first query and to its verdict, where it tells them."""
    places = {
        "LOANWATCH_HOME": str(folder / HOME), "PREFECT_HOME": str(folder / "prefect"), "COLUMNS": "200"
    }  # fmt: skip
    command = [sys.executable, "-m", module, *options, f"--results={folder / 'results'}"]
    if module != "flows.history":
        command += [f"--models={folder / 'models'}"]
    figures, said, began = {}, [], time.perf_counter()
    with subprocess.Popen(
        command,
        cwd=TREE,
        env=os.environ | places | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        for line in running.stdout or ():
            said.append(line)
            if _VERDICT.match(line):
                figures["verdict"] = time.perf_counter() - began
            if query := _QUERY.search(line):
                figures["first query"] = float(query[1])
    if running.returncode:
        raise CommandError(f"{module} failed:\n{''.join(said[-20:])}")
    return figures


def make_quiet_lender(folder: Path) -> Path:
    """A folder with the lender's database and its champion, checked by itself; made once."""
    place = folder / "quiet lender"
    if not (place / "results").exists():
        place.mkdir(mode=0o755, exist_ok=True)
        engine = connect_to(place)
        fill_quiet_lender(engine)
        engine.dispose()
        time_command(place, "flows.monitor", "--month", QUIET, *REFERENCE)
    return place


@contextmanager
def serve_prefect(folder: Path) -> Iterator[str]:
    """A Prefect server that was started before; yields its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}/api"
    server = subprocess.Popen(
        [sys.executable, "-m", "prefect", "server", "start", "--port", str(port), "--no-ui"],
        env=os.environ | {"PREFECT_HOME": str(folder / "prefect"), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(f"{address}/health")
        yield address
    finally:
        server.terminate()
        server.wait()


def _wait_for(address: str, patience: float = 120.0) -> None:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            with urlopen(address, timeout=5):
                return
        except (URLError, ConnectionError):
            time.sleep(0.2)
    raise CommandError(f"The Prefect server did not answer within {patience:.0f} s.")
