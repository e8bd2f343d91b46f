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
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

import joblib

from benchmarks.peer_environments import QUIET, ROOT, find_python
from benchmarks.speed_api_client import MANY, PATIENCE, Figures, ServerError, make_request, measure
from benchmarks.speed_data import Inputs, connect_to, load_inputs
from benchmarks.speed_extract import CONTRACT
from tasks.core.windows import Window
from tasks.models.preprocess import prepare
from tasks.profile.storage import load_profile
from tasks.registry.bundle import Bundle, save_bundle
from tasks.registry.known_customers import hash_customers
from tasks.registry.promote import NewVersion, Promotion, hash_evidence, promote, register
from tasks.schema.migrate import prepare_schema


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
    with (
        (folder / f"{variant}.log").open("wb") as said,
        _start(folder, variant, port, said) as server,
    ):
        try:
            if not _is_up(port, server):
                raise ServerError(f"The server did not start:\n{(folder / f'{variant}.log').read_text()[-2000:]}")
            yield port, server.pid
        finally:
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGTERM)
            server.wait(30)


def _start(folder: Path, variant: str, port: int, said: BinaryIO) -> subprocess.Popen[bytes]:
    """A server in a group of its own, which ends with it."""
    command, home = [sys.executable, "-m", "deployments.api", "--port", str(port)], ROOT
    if variant != "loanwatch":
        script = ROOT / "benchmarks" / "peers" / f"serve_{variant}.py"
        command, home = [str(find_python(variant)), str(script), str(folder), str(port)], folder
    path = f"{Path(command[0]).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, **QUIET, "PYTHONPATH": str(ROOT), "PATH": path}
    return subprocess.Popen(command, cwd=home, env=environment, stdout=said, stderr=said, start_new_session=True)


def _is_up(port: int, server: subprocess.Popen[bytes]) -> bool:
    """Whether the server takes connections after a while."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and server.poll() is None:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        time.sleep(0.1)
    return False
