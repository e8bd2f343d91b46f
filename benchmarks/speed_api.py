"""Speed, the scoring API: the real server on a made-up champion, and the same model behind the servers of others.

Each is asked over kept connections by a client that only sends bytes and counts those of the answer. The others give
a probability alone; ours adds the decision, the three strongest reasons and what is unusual, and reads raw texts.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import date
from itertools import cycle
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import psutil

from benchmarks.peer_environments import QUIET, ROOT, find_python
from benchmarks.speed_data import Inputs, connect_to, load_inputs
from benchmarks.speed_extract import CONTRACT
from blocks.errors import LoanwatchError
from tasks.core.windows import Window
from tasks.models.preprocess import prepare
from tasks.profile.storage import load_profile
from tasks.registry.bundle import Bundle, save_bundle
from tasks.registry.known_customers import hash_customers
from tasks.registry.promote import NewVersion, Promotion, hash_evidence, promote, register
from tasks.schema.migrate import prepare_schema

CLIENTS, MANY = 4, 1_000
WARM_UP, SECONDS, PATIENCE = 2.0, 5.0, 120.0
Figures = dict[str, float]


class ServerError(LoanwatchError):
    """A server did not start, or refused a request."""


def prepare_api(folder: Path, variant: str) -> Callable[[], Figures]:
    """One application at a time by one client and by four, and 1,000 in a request."""
    inputs = load_inputs(folder)
    records = make_records(inputs, MANY)
    if variant == "loanwatch":
        install_champion(folder, inputs)
    else:
        joblib.dump(inputs.pipeline, folder / "pipeline.joblib")
    path, wrap = SHAPES[variant]
    ones = [make_request(path, wrap([record], True)) for record in records]
    many = [make_request(path, wrap(records, False))]

    def run() -> Figures:
        with serve(folder, variant) as (port, server):
            return measure(port, server, (ones, many))

    return run


def make_records(inputs: Inputs, count: int) -> list[dict[str, Any]]:
    """Applications as a caller writes them: the features, null where a value is missing."""
    rows = inputs.current[[column.name for column in CONTRACT.features]].iloc[:count]
    records: list[dict[str, Any]] = json.loads(rows.to_json(orient="records", double_precision=15))
    return records


# Where each server takes applications, and how they are written there: a list, and whether it is to be one alone.
SHAPES: dict[str, tuple[str, Callable[[list[Any], bool], Any]]] = {
    "loanwatch": ("/predict", lambda records, alone: records[0] if alone else records),
    "mlflow": ("/invocations", lambda records, _alone: {"dataframe_records": records}),
    "bentoml": ("/predict", lambda records, _alone: {"applications": records}),
}


def install_champion(folder: Path, inputs: Inputs) -> None:
    """Put the made-up model into production, once."""
    if (folder / "models" / "champion").exists():
        return
    engine, window = connect_to(folder), Window(date(2024, 1, 1), date(2024, 1, 31))
    prepare_schema(engine)
    metrics = {"test": {"rows": 100, "auc": 0.8}, "fitted_rows": len(inputs.training)}
    customers = hash_customers(prepare(CONTRACT, inputs.reference).keys)
    bundle = Bundle(inputs.pipeline, load_profile(folder / "profile.parquet"), customers, metrics, "# Made up\n")
    with engine.begin() as connection:
        saved = save_bundle(bundle, str(folder / "models"), "champion")
        new = NewVersion(CONTRACT.name, "benchmark", "gradient_boosting", metrics, *saved, (window,))
        version, why = register(connection, new), "The benchmark put it there."
        evidence = hash_evidence({"why": why})
        promote(connection, Promotion(CONTRACT.name, "benchmark", date(2024, 2, 1), None, version, why, evidence))
    engine.dispose()


@contextmanager
def serve(folder: Path, variant: str) -> Iterator[tuple[int, int]]:
    """The port and the process of a server that answers. Raises ServerError with what it said."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [sys.executable, "-m", "deployments.api", "--port", str(port)]
    if variant != "loanwatch":
        script = ROOT / "benchmarks" / "peers" / f"serve_{variant}.py"
        command = [str(find_python(variant)), str(script), str(folder), str(port)]
    path = f"{Path(command[0]).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, **QUIET, "PYTHONPATH": str(ROOT), "PATH": path}
    with (
        (folder / f"{variant}.log").open("wb") as said,
        subprocess.Popen(
            command,
            cwd=folder if variant != "loanwatch" else ROOT,
            env=environment,
            stdout=said,
            stderr=said,
            start_new_session=True,
        ) as server,
    ):
        try:
            _wait(port, server)
            yield port, server.pid
        finally:
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGTERM)
            server.wait(30)


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise ServerError("The server did not start.")


def make_request(path: str, content: Any) -> bytes:
    """The bytes of a request."""
    body = json.dumps(content).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def measure(port: int, server: int, requests: tuple[list[bytes], list[bytes]]) -> Figures:
    """Of one application and of many: milliseconds of an answer, how many a second, and the server's CPU time.

    CPU milliseconds are those of one answer, or of 1,000 rows; they count where other work shares the cores.
    """
    ones, many = requests
    ask(port, ones, 1, WARM_UP)
    figures: Figures = {}
    for clients in (1, CLIENTS):
        used = read_cpu(server)
        waits, seconds = ask(port, ones, clients, SECONDS)
        figures[f"cpu_ms_{clients}"] = round((read_cpu(server) - used) / len(waits) * 1000, 2)
        for name, share in (("p50", 50), ("p99", 99)):
            figures[f"{name}_ms_{clients}"] = round(float(np.percentile(waits, share)) * 1000, 2)
        figures[f"answers_{clients}"] = round(len(waits) / seconds, 1)
    for clients in (1, CLIENTS):
        used = read_cpu(server)
        waits, seconds = ask(port, many, clients, SECONDS)
        figures[f"rows_cpu_ms_{clients}"] = round((read_cpu(server) - used) / len(waits) * 1000, 1)
        figures[f"rows_{clients}"] = round(len(waits) * MANY / seconds)
    return figures


def read_cpu(server: int) -> float:
    """The CPU seconds of a server and its workers."""
    processes = [psutil.Process(server), *psutil.Process(server).children(recursive=True)]
    return sum(times.user + times.system for times in (process.cpu_times() for process in processes))


def ask(port: int, requests: list[bytes], clients: int, seconds: float) -> tuple[list[float], float]:
    """How long each answer took, for so many clients that ask again and again, and the seconds in all."""
    until, began = time.perf_counter() + seconds, time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        starts = [requests[number * len(requests) // clients :] or requests for number in range(clients)]
        waits = [wait for each in pool.map(lambda own: _ask_alone(port, own, until), starts) for wait in each]
    return waits, time.perf_counter() - began


def _ask_alone(port: int, requests: list[bytes], until: float) -> list[float]:
    waits = []
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for request in cycle(requests):
            began = time.perf_counter()
            connection.sendall(request)
            _read_answer(connection)
            waits.append(time.perf_counter() - began)
            if time.perf_counter() > until:
                return waits
    return waits


def _read_answer(connection: socket.socket) -> None:
    """Read one answer to its end. Raises ServerError where it is none of status 200."""
    said = b""
    while b"\r\n\r\n" not in said:
        part = connection.recv(1 << 16)
        if not part:
            raise ServerError(f"The server hung up after {said[:200]!r}.")
        said += part
    head, _, body = said.partition(b"\r\n\r\n")
    if b" 200 " not in head[:20]:
        raise ServerError(f"The server said {said[:500]!r}.")
    length = next(int(line[15:]) for line in head.split(b"\r\n") if line[:15].lower() == b"content-length:")
    left = length - len(body)
    while left > 0:
        left -= len(connection.recv(1 << 20))
