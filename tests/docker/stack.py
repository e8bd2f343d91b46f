"""The compose stack under its own name and ports, driven by the real `docker` command."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.support import ROOT
from tests.support.postgres import free_port
from tests.support.wait import PATIENCE, wait_until

IMAGE = "loanwatch:docker-test"
SLIM = "loanwatch:docker-test-slim"
WEBHOOK = f"https://slack:8443/services/T000/B000/{secrets.token_hex(12)}"
FINAL = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
LONG_RUNNING = ("loans-db", "prefect-db", "prefect-server", "worker", "api", "reports")
SECRETS = (
    "loans_admin_password", "lender_password", "lender_url", "loans_db_password", "prefect_db_password",
    "prefect_auth", "slack_webhook", "api_key", "reports_password",
)  # fmt: skip
FIGURES: dict[str, str] = {}  # what the table at the end shows


def docker(*command: str, check: bool = True, timeout: float = 900, **options: Any) -> str:
    """What a `docker` command says, its errors included; AssertionError where it fails."""
    done = subprocess.run(
        ["docker", *command], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        timeout=timeout, **options,
    )  # fmt: skip
    assert not check or done.returncode == 0, f"docker {' '.join(command)[:300]}\n{done.stdout[-4000:]}"
    return done.stdout


def find_no_engine() -> str | None:
    """Why there is no engine to test with, in a sentence; None where there is one."""
    wanted = "make docker-test needs a running Docker engine, with the plugins compose 2 and buildx"
    for command in (("version",), ("compose", "version"), ("buildx", "version")):
        try:
            said = docker(*command, check=False, timeout=60).strip().splitlines()[-1:]
            docker(*command, timeout=60)
        except FileNotFoundError:
            return f"{wanted}: there is no command `docker`."
        except (AssertionError, subprocess.TimeoutExpired):
            return f"{wanted}: `docker {' '.join(command)}` says: {' '.join(said)}"
    return None


def build_images() -> None:
    """Build both sizes, as a user would; notes seconds and bytes."""
    base = ["build", "--quiet", "--file", "deployments/Dockerfile"]
    for target, tag in (("full", IMAGE), ("slim", SLIM)):
        began = time.monotonic()
        docker(*base, "--target", target, "--tag", tag, ".", timeout=1800)
        seconds = time.monotonic() - began
        FIGURES[f"image {target}: seconds to build"] = f"{seconds:.0f}" if seconds > 15 else "in the cache"
    for target, tag in (("full", IMAGE), ("slim", SLIM)):
        FIGURES[f"image {target}: size"] = f"{int(inspect_image(tag, '.Size')) / 1e6:,.0f} MB"
    FIGURES["of which the base image"] = f"{int(inspect_image(read_base(), '.Size')) / 1e6:,.0f} MB"


def inspect_image(image: str, field_name: str) -> str:
    """One field of an image."""
    return docker("image", "inspect", "--format", f"{{{{{field_name}}}}}", image).strip()


def read_base() -> str:
    """The image that ours is built from."""
    lines = (ROOT / "deployments" / "Dockerfile").read_text(encoding="utf-8").splitlines()
    return next(line.split()[1] for line in lines if line.startswith("FROM "))


@dataclass
class Stack:
    """The stack, and how to talk to it."""

    project: str
    files: tuple[Path, ...]
    ports: dict[str, int]
    environment: dict[str, str] = field(default_factory=dict)

    def compose(self, *command: str, files: tuple[Path, ...] | None = None, **options: Any) -> str:
        """Run `docker compose`, for this stack."""
        named = [word for file in files or self.files for word in ("--file", str(file))]
        return docker("compose", "--project-name", self.project, *named, *command, env=self.environment, **options)

    def secret(self, name: str) -> str:
        """A secret, as a person gets to know it."""
        return _read_secret(self.project, name)

    def ask(self, service: str, path: str, **options: Any) -> httpx.Response:
        """Ask one of the published services."""
        return httpx.request(
            options.pop("method", "GET"), f"http://127.0.0.1:{self.ports[service]}{path}", timeout=60, **options
        )

    def prefect(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the Prefect API."""
        user, _, password = self.secret("prefect_auth").partition(":")
        answer = self.ask("prefect", f"/api{path}", method=method, json=body, auth=(user, password))
        answer.raise_for_status()
        return answer.json()

    def state(self, run_id: str) -> tuple[str, str, str]:
        """Type, name and message of a run's state."""
        state = self.prefect("GET", f"/flow_runs/{run_id}")["state"]
        return state["type"], state["name"], state["message"] or ""

    def start_run(self, *options: str) -> str:
        """Start a run of `monitor` as the documents say; returns its id."""
        said = self.compose("exec", "-T", "worker", "prefect", "deployment", "run", "monitor/monitor", *options)
        return next(line.split()[-1] for line in said.splitlines() if "UUID:" in line)

    def wait_for_run(self, run_id: str, types: tuple[str, ...], timeout: float) -> tuple[str, str, str]:
        """Wait until a run's state is of one of these types."""
        wait_until(lambda: self.state(run_id)[0] in types, timeout, f"run {run_id} to be {types}")
        return self.state(run_id)

    def seen_by_slack(self) -> list[dict[str, Any]]:
        """What Slack's stand-in was told."""
        script = "cat /slack/seen.jsonl 2>/dev/null || true"
        return [json.loads(line) for line in self.compose("exec", "-T", "slack", "sh", "-c", script).splitlines()]

    def rows(self, query: str) -> list[list[str]]:
        """Rows of the loans database."""
        said = self.compose("exec", "-T", "loans-db", "psql", "-U", "postgres", "-d", "loans", "-At", "-c", query)
        return [line.split("|") for line in said.splitlines()]

    def is_healthy(self) -> bool:
        """Whether each lasting service is healthy."""
        asked = self.compose("ps", "--format", "{{.Service}} {{.Health}}").splitlines()
        return {f"{name} healthy" for name in LONG_RUNNING} <= set(asked)

    def containers(self) -> list[dict[str, Any]]:
        """Everything that `docker inspect` knows of the stack's containers."""
        return list(json.loads(docker("inspect", *self.compose("ps", "--all", "--quiet").split())))


def up(stack: Stack) -> None:
    """Type `docker compose up --detach`, and wait until all is healthy."""
    stack.compose("up", "--detach", timeout=600)
    wait_until(stack.is_healthy, PATIENCE, "all services to be healthy")


@cache
def _read_secret(project: str, name: str) -> str:
    purposes = {"prefect_auth": "prefect", "prefect_db_password": "prefect-db", "api_key": "api"}
    purposes |= {"reports_password": "reports", "lender_url": "lender", "slack_webhook": "setup"}
    volume = f"{project}_secrets-{purposes.get(name, 'loans-db')}:/secrets/{purposes.get(name, 'loans-db')}:ro"
    script = ["--entrypoint", "sh", IMAGE, "/opt/loanwatch/deployments/secrets.sh", "show", name]
    return docker("run", "--rm", "--network", "none", "--volume", volume, *script).strip()


@contextmanager
def run_stack(folder: Path) -> Iterator[Stack]:
    """A stack that is not up yet; whatever happens, nothing of it stays behind."""
    ports = {name: free_port() for name in ("prefect", "api", "reports")}
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LOANWATCH", "COMPOSE"))}
    environment |= {f"LOANWATCH_{name.upper()}_PORT": str(port) for name, port in ports.items()}
    environment["LOANWATCH_IMAGE"] = IMAGE
    extra = folder / "with-slack.yml"
    extra.write_text(yaml.safe_dump(_describe_slack()), encoding="utf-8")
    files = (ROOT / "docker-compose.yml", ROOT / "docker-compose.override.yml", extra)
    stack = Stack(f"loanwatch-test-{secrets.token_hex(3)}", files, ports, environment)
    try:
        yield stack
    finally:
        (folder / "stack.log").write_text(stack.compose("logs", "--no-color", check=False), encoding="utf-8")
        stack.compose("--profile", "*", "kill", check=False)
        stack.compose("--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "5", check=False)


def _describe_slack() -> dict[str, Any]:
    """What the test adds to the stack: Slack's stand-in, whom worker and server trust, and less patience."""
    trusting = {
        "environment": {"SSL_CERT_FILE": "/slack/ca.pem"},
        "volumes": ["slack:/slack:ro"],
        "depends_on": {"slack": {"condition": "service_healthy"}},
    }
    script = (ROOT / "tests" / "docker" / "slack.py").read_text(encoding="utf-8").replace("$", "$$")
    ready = "import os, sys; sys.exit(not os.path.exists('/slack/ca.pem'))"
    slack = {
        "image": IMAGE,
        "pull_policy": "never",
        "user": "root",
        "command": ["python", "-c", script],
        "volumes": ["slack:/slack"],
        "healthcheck": {"test": ["CMD", "python", "-c", ready], "interval": "2s", "retries": 30},
    }
    # A run is lost after 60 seconds in place of 180 without a heartbeat.
    setup = {"command": ["python", "-m", "deployments.setup", "--silence", "60"]}
    services = {"slack": slack, "worker": trusting, "prefect-server": trusting, "setup": setup}
    return {"services": services, "volumes": {"slack": {}}}
