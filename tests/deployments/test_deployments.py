"""Deployments, compose file and image: what can be checked without a server or a container engine."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from prefect import Flow
from prefect.client.schemas.schedules import CronSchedule

from tasks.backfill import work_pool as pool_runs
from tests.support import ROOT

DEPLOYMENTS: list[dict[str, Any]] = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda deployment: deployment["name"])
def test_every_deployment_fits_its_flow(deployment: dict[str, Any]) -> None:
    path, name = deployment["entrypoint"].split(":")
    assert (ROOT / path).is_file()
    flow: Flow[Any, Any] = getattr(import_module(path.removesuffix(".py").replace("/", ".")), name)
    assert isinstance(flow, Flow)
    given = deployment["parameters"]
    needed = [p.name for p in inspect.signature(flow.fn).parameters.values() if p.default is inspect.Parameter.empty]
    assert set(given) <= set(flow.parameters.properties), "a parameter that the flow does not have"
    if deployment["schedules"]:
        assert set(needed) <= set(given), "a schedule cannot fill a form"
    if set(needed) <= set(given):
        flow.validate_parameters(given)
    jsonschema.validate(given, {**flow.parameters.model_dump(), "additionalProperties": False, "required": []})
    described = flow.parameters.properties
    assert all(described[name].get("description") for name in described), "the form explains every parameter"


def test_schedules_and_limits() -> None:
    by_name = {deployment["name"]: deployment for deployment in DEPLOYMENTS}
    assert set(by_name) == {
        "monitor", "monitor-daily", "window", "backfill", "score", "train", "slack-test", "lost-runs",
    }  # fmt: skip
    for deployment in DEPLOYMENTS:
        assert deployment["description"]
        assert "loanwatch" in deployment["tags"], "the automations know our runs by this tag"
        assert deployment["work_pool"]["job_variables"]["env"]["DO_NOT_TRACK"] == "1"
        for schedule in deployment["schedules"]:
            CronSchedule(cron=schedule["cron"], timezone=schedule["timezone"])
    for name in ("monitor", "monitor-daily", "score", "train"):
        assert by_name[name]["concurrency_limit"] == {"limit": 1, "collision_strategy": "ENQUEUE"}
    assert by_name["window"]["entrypoint"] == by_name["monitor"]["entrypoint"]
    assert "concurrency_limit" not in by_name["window"], "the workers share the windows of a backfill"
    assert by_name["window"]["name"] == pool_runs.DEPLOYMENT
    assert by_name["window"]["schedules"] == []
    assert 0 < by_name["score"]["parameters"]["trailing_days"] < 28, "a day's new applications, and not a month's"
    assert [schedule["active"] for schedule in by_name["monitor"]["schedules"]] == [True]
    assert [schedule["active"] for schedule in by_name["monitor-daily"]["schedules"]] == [False]


def test_compose_file_keeps_the_specification() -> None:
    schema = json.loads((ROOT / "tests" / "support" / "schemas" / "compose.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(schema).validate(COMPOSE)


def test_compose_services_are_pinned_healthy_and_private() -> None:
    used = set()
    for name, service in COMPOSE["services"].items():
        assert re.search(r":\d+\.\d+", service["image"]), f"{name}: the image has no version"
        assert service["restart"], name
        assert "healthcheck" in service or name == "worker", f"{name}: the worker's check is the image's"
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), f"{name}: open to the network"
        for variable in service.get("environment", {}):
            assert not re.search("PASSWORD|WEBHOOK|TOKEN|AUTH", variable) or variable.endswith("_FILE"), name
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
        for other, needed in service.get("depends_on", {}).items():
            assert other in COMPOSE["services"]
            assert needed["condition"] in ("service_healthy", "service_completed_successfully")
        used |= {volume.split(":")[0] for volume in service.get("volumes", [])}
    assert used == set(COMPOSE["volumes"]), "every volume is named"


def test_compose_modules_exist() -> None:
    for name, service in COMPOSE["services"].items():
        command = service.get("command", [])
        if command[:2] == ["python", "-m"] and "." in command[2] and not command[2].startswith("http"):
            path = ROOT / command[2].replace(".", "/")
            assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), name


def test_image_is_pinned_locked_and_not_root() -> None:
    lines = (ROOT / "deployments" / "Dockerfile").read_text(encoding="utf-8").splitlines()
    bases = [line.split()[1] for line in lines if line.startswith("FROM ")]
    assert all(re.fullmatch(r"python:3\.11\.\d+-slim-bookworm", base) for base in bases)
    assert any("--require-hashes" in line for line in lines)
    assert [line for line in lines if line.startswith("USER ")] == ["USER loanwatch"]
    assert lines.index("USER loanwatch") < next(n for n, line in enumerate(lines) if line.startswith("CMD"))


def test_entrypoint_reads_secrets_from_files(tmp_path: Path) -> None:
    secret = tmp_path / "auth"
    secret.write_text("loanwatch:a b$c'\n", encoding="utf-8")
    done = subprocess.run(
        [ROOT / "deployments" / "entrypoint.sh", "sh", "-c", 'printf %s "$PREFECT_API_AUTH_STRING"'],
        env={"PATH": "/usr/bin:/bin", "PREFECT_API_AUTH_STRING_FILE": str(secret)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "loanwatch:a b$c'"


def test_secrets_are_made_once(tmp_path: Path) -> None:
    script = tmp_path / "deployments" / "make_secrets.sh"
    script.parent.mkdir()
    script.write_bytes((ROOT / "deployments" / "make_secrets.sh").read_bytes())
    subprocess.run(["sh", str(script)], check=True, capture_output=True)
    made = {file.name: file.read_text(encoding="utf-8") for file in (tmp_path / ".secrets").iterdir()}
    subprocess.run(["sh", str(script)], check=True, capture_output=True)
    assert made == {file.name: file.read_text(encoding="utf-8") for file in (tmp_path / ".secrets").iterdir()}
    assert set(made) == set(COMPOSE["secrets"])
    assert len(made["loans_db_password"]) == 48
    assert (tmp_path / ".secrets").stat().st_mode & 0o077 == 0
