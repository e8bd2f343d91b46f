"""A Prefect server, a worker, a database with a password and a Slack: what production has, on this machine."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import URL, Engine, create_engine, text

from tests.support import ROOT
from tests.support.postgres import find_debian_programs, free_port, run_postgres
from tests.support.slack_stand_in import StandIn, run_stand_in
from tests.support.wait import wait_until

LEFT_OUT = (".git", ".venv", ".loanwatch", ".secrets", "results", "models", "__pycache__", ".*_cache", "benchmarks")
FINAL = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


@dataclass
class Stack:
    """The parts, and how to talk to them. `kept_on` says which database Prefect itself uses."""

    clone: Path
    url: str
    auth: tuple[str, str]
    environment: dict[str, str]
    loans: URL
    slack: StandIn
    engine: Engine
    kept_on: str
    logs: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the Prefect API."""
        answer = httpx.request(method, f"{self.url}{path}", json=body, auth=self.auth, timeout=30)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def run(self, *command: str, timeout: float = 400) -> subprocess.CompletedProcess[str]:
        """Run one of Python's modules in the clone, as a person would; what it said is kept with the logs."""
        done = subprocess.run(
            [sys.executable, "-m", *command], cwd=self.clone, env=self.environment, timeout=timeout,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        with (self.logs / "commands.log").open("a", encoding="utf-8") as log:
            log.write(f"$ {command}\n{done.stdout}{done.stderr}\n")
        return done

    def start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        """Start one of Python's modules in the background; it has its own group, so that it can be ended whole."""
        with (self.logs / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *command], cwd=self.clone, env=self.environment, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        self.processes[name] = process
        return process

    def start_worker(self, name: str) -> None:
        """Start a process worker of the pool."""
        self.start(name, "prefect", "worker", "start", "--pool", "loanwatch", "--type", "process", "--name", name)

    def start_server(self, *without: str) -> None:
        """Start Prefect's server, without these variables, and wait until it answers."""
        port = self.url.split(":")[-1].split("/")[0]
        everything = self.environment
        self.environment = {name: value for name, value in everything.items() if name not in without}
        self.start("server", "prefect", "server", "start", "--host", "127.0.0.1", "--port", port)
        self.environment = everything
        wait_until(lambda: is_healthy(self), 240, "the Prefect server")

    def restart_server(self, *without: str) -> None:
        """End the server, and make it anew on the same records."""
        server = self.processes.pop("server")
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(60)
        self.start_server(*without)

    def set_state(self, run_id: str, *types: str, message: str | None = None) -> str:
        """Say that a run is in these states, one after the other, as a worker would; the name of the last one."""
        for state_type in types:
            said = {"type": state_type, "message": message}
            answer = self.call("POST", f"/flow_runs/{run_id}/set_state", {"state": said})
        return str(self.call("GET", f"/flow_runs/{run_id}")["state"]["name"] if answer else "")

    def launch(self, deployment: str, **parameters: Any) -> str:
        """Start a deployment's run; returns its id."""
        found = self.call("GET", f"/deployments/name/{deployment}")
        made = self.call("POST", f"/deployments/{found['id']}/create_flow_run", {"parameters": parameters})
        return str(made["id"])

    def finish(self, run_id: str, timeout: float = 600) -> dict[str, Any]:
        """Wait until a run has ended; returns it."""
        read = lambda: self.call("GET", f"/flow_runs/{run_id}")  # noqa: E731
        wait_until(lambda: read()["state"]["type"] in FINAL, timeout, f"run {run_id} to end")
        return dict(read())

    def find_runs(self, deployment: str) -> list[dict[str, Any]]:
        """The runs of a deployment."""
        found = self.call("GET", f"/deployments/name/{deployment}")
        return list(self.call("POST", "/flow_runs/filter", {"deployments": {"id": {"any_": [found["id"]]}}}))

    def find_process(self, run_id: str) -> int:
        """The process in which a run's flow is under way, once it is."""

        def find() -> int | None:
            if self.call("GET", f"/flow_runs/{run_id}")["state"]["type"] != "RUNNING":
                return None
            for place in Path("/proc").glob("[0-9]*/environ"):
                try:
                    is_it = f"FLOW_RUN_ID={run_id}".encode() in place.read_bytes()
                except OSError:
                    continue
                if is_it:
                    return int(place.parent.name)
            return None

        return int(wait_until(find, 240, "the run's process"))

    def rows(self, query: str, **parameters: Any) -> list[Any]:
        """Rows of the loans database."""
        with self.engine.connect() as connection:
            return list(connection.execute(text(query), parameters))

    def events(self, prefix: str) -> list[dict[str, Any]]:
        """The events whose name starts so, the oldest first."""
        found = self.call("POST", "/events/filter", {"filter": {"event": {"prefix": [prefix]}, "order": "ASC"}})
        return list(found["events"])


@contextmanager
def run_stack(folder: Path, *, with_loans: bool = True) -> Iterator[Stack]:
    """Everything but the set-up and the worker, which the tests start; the demo's loans where they are needed."""
    with ExitStack() as stack:
        loans, _ = stack.enter_context(run_postgres())
        slack = stack.enter_context(run_stand_in())
        clone = folder / "clone"
        shutil.copytree(ROOT, clone, ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=True)
        port = free_port()
        auth = ("loanwatch", f"auth-S3CRET-{secrets.token_hex(4)}")
        environment, kept_on = _make_environment(folder, port, ":".join(auth), stack)
        logs = folder / "logs"
        logs.mkdir()
        engine = fill_loans(loans) if with_loans else create_engine(loans)
        built = Stack(clone, f"http://127.0.0.1:{port}/api", auth, environment, loans, slack, engine, kept_on, logs)
        try:
            built.start_server()
            yield built
        finally:
            stop_all(built)
            built.engine.dispose()


def is_healthy(stack: Stack) -> bool:
    """Whether the server answers."""
    try:
        return httpx.get(f"{stack.url}/health", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def stop_all(stack: Stack) -> None:
    """End every process of the stack, and what it started."""
    for process in reversed(stack.processes.values()):
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, number)
                process.wait(15)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue


def fill_loans(url: URL) -> Engine:
    """The demo's applications in the lender's database."""
    from blocks.postgres.connect import Patience, make_engine
    from tasks.contract.load import load_contract
    from tasks.demo.fill import copy_frame
    from tasks.demo.generator import make_applications
    from tasks.source_tables.tables import create_tables

    engine = make_engine(url, Patience())
    with engine.begin() as connection:
        create_tables(connection, load_contract("loan_applications").sources)
        for table, rows in make_applications().items():
            copy_frame(connection, table, rows)
    return engine


def _make_environment(folder: Path, port: int, auth: str, stack: ExitStack) -> tuple[dict[str, str], str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "LOANWATCH_"))}
    environment = {
        **kept,
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_API_AUTH_STRING": auth,
        "PREFECT_API_AUTH_STRING": auth,
        "PREFECT_WORKER_QUERY_SECONDS": "2",
        "PYTHONUNBUFFERED": "1",
        "HOME": str(folder),
    }
    programs = find_debian_programs()
    if programs is None:
        return environment, "SQLite"
    url, _ = stack.enter_context(run_postgres(programs))
    environment |= {
        "PREFECT_SERVER_DATABASE_DRIVER": "postgresql+asyncpg",
        "PREFECT_SERVER_DATABASE_HOST": str(url.host),
        "PREFECT_SERVER_DATABASE_PORT": str(url.port),
        "PREFECT_SERVER_DATABASE_NAME": str(url.database),
        "PREFECT_SERVER_DATABASE_USER": str(url.username),
        "PREFECT_SERVER_DATABASE_PASSWORD": str(url.password),
    }
    return environment, f"PostgreSQL of {programs}"


def dump_everything(stack: Stack) -> str:
    """All that the API answers, all logs, and all files of results: where a secret might have gone."""
    answers = [
        stack.call("POST", f"/{kind}/filter", {"limit": 200})
        for kind in ("flow_runs", "task_runs", "deployments", "block_documents", "artifacts", "logs", "variables")
    ]
    answers += [stack.events(""), stack.call("POST", "/automations/filter", {}), stack.call("GET", "/admin/settings")]
    files = [*stack.logs.rglob("*"), *(stack.clone / "results").rglob("*"), *(stack.clone / "models").rglob("*")]
    texts = [file.read_bytes().decode("utf-8", errors="replace") for file in files if file.is_file()]
    return json.dumps(answers) + "\n".join(texts)
