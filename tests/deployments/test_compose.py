"""Compose files, image, secrets and the small services: what can be checked without a container engine."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from starlette.testclient import TestClient

from blocks.secrets import SecretError
from deployments.healthy import find_fault
from deployments.reports import create_app, read_password
from tests.support import ROOT

FILES = ("docker-compose.yml", "docker-compose.override.yml")
READ: dict[str, dict[str, Any]] = {name: yaml.safe_load((ROOT / name).read_text(encoding="utf-8")) for name in FILES}
LENDER, DEMO = (READ[name]["services"] for name in FILES)
SERVICES = [
    pytest.param(service, id=f"{name} in {file}")
    for file, services in zip(FILES, (LENDER, DEMO), strict=True)
    for name, service in services.items()
    if "image" in service
]
EVERY_SERVICE = pytest.mark.parametrize("service", SERVICES)
ENDS = ("healthy", "completed_successfully")
PURPOSES = {"prefect-db", "prefect", "setup", "api", "reports"}  # of the secrets, without the demo
SECRETS_SCRIPT = ROOT / "deployments" / "secrets.sh"


@pytest.mark.parametrize("name", FILES)
def test_compose_files_keep_the_specification(name: str) -> None:
    schema = json.loads((ROOT / "tests" / "support" / "schemas" / "compose.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(schema).validate(READ[name])


@EVERY_SERVICE
def test_services_are_confined(service: dict[str, Any]) -> None:
    assert re.search(r":(\d+-|\$\{LOANWATCH_IMAGE|.*:0\.1\.0)", service["image"]), "the image has a version"
    assert service["restart"]
    assert (service["read_only"], service["init"], service["cap_drop"]) == (True, True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(service[limit] for limit in ("mem_limit", "cpus", "pids_limit"))
    assert service["logging"]["options"]["max-size"]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), "open to the network"


@EVERY_SERVICE
def test_secrets_are_in_files(service: dict[str, Any]) -> None:
    for variable in service.get("environment", {}):
        is_secret = re.search("PASSWORD|WEBHOOK|TOKEN|AUTH|KEY|DATABASE_URL", variable)
        assert not is_secret or variable.endswith("_FILE"), variable
    mounted = {volume.split(":")[1] for volume in service["volumes"]}
    for variable, value in service.get("environment", {}).items():
        assert not variable.endswith("_FILE") or str(Path(value).parent) in mounted, variable


@EVERY_SERVICE
def test_commands_exist(service: dict[str, Any]) -> None:
    commands = [service.get("command", []), service.get("healthcheck", {}).get("test", [])]
    for command in commands:
        for before, word in pairwise(command):
            if before == "-m":
                path = ROOT / word.replace(".", "/")
                assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), word


def test_services_know_each_other() -> None:
    known = set(LENDER) | set(DEMO)
    for services, file in ((LENDER, FILES[0]), (DEMO, FILES[1])):
        for service in services.values():
            needed = service.get("depends_on", {})
            assert set(needed) <= (set(LENDER) if file == FILES[0] else known)
            assert {how["condition"] for how in needed.values()} <= {f"service_{end}" for end in ENDS}
    volumes = {
        volume.split(":")[0]
        for services in (LENDER, DEMO)
        for service in services.values()
        for volume in service["volumes" if "volumes" in service else "depends_on"]
        if ":" in volume
    }
    assert volumes == set(READ[FILES[0]]["volumes"]) | set(READ[FILES[1]]["volumes"])
    assert [name for name in LENDER if "build" in LENDER[name]] == ["secrets"], "built once"


def test_the_image_is_pinned_locked_and_not_root() -> None:
    lines = (ROOT / "deployments" / "Dockerfile").read_text(encoding="utf-8").splitlines()
    bases = {line.split()[1] for line in lines if line.startswith("FROM ")} - {"packages", "base"}
    assert [bool(re.fullmatch(r"python:3\.\d+-slim-\w+", base)) for base in bases] == [True]
    installs = [line for line in lines if "pip " in line and " install " in line]
    assert installs
    assert all("--require-hashes" in line and "--no-deps" in line for line in installs)
    assert [line for line in lines if line.startswith("USER ")] == ["USER loanwatch"]
    copied = {line.split()[-2] for line in lines if line.startswith("COPY ") and "--from" not in line}
    assert not copied & {".", "./"}, "what is copied is named"


def test_the_entrypoint_reads_secrets_from_files_and_keeps_the_password_for_exec(tmp_path: Path) -> None:
    secret, profiles = tmp_path / "auth", tmp_path / "profiles.toml"
    secret.write_text("loanwatch:a b$c'\\\"\n", encoding="utf-8")
    done = subprocess.run(
        [ROOT / "deployments" / "entrypoint.sh", "sh", "-c", 'printf %s "$PREFECT_API_AUTH_STRING"'],
        env={
            "PATH": "/usr/bin:/bin",
            "PREFECT_API_AUTH_STRING_FILE": str(secret),
            "PREFECT_PROFILES_PATH": str(profiles),
        },
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "loanwatch:a b$c'\\\""
    kept = tomllib.loads(profiles.read_text(encoding="utf-8"))
    assert kept["profiles"][kept["active"]] == {"PREFECT_API_AUTH_STRING": "loanwatch:a b$c'\\\""}
    assert profiles.stat().st_mode & 0o077 == 0


def run_secrets(root: Path, *command: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run the script of the service `secrets` on a folder in place of its volumes."""
    return subprocess.run(
        ["sh", SECRETS_SCRIPT, *command], env={"PATH": "/usr/bin:/bin", "SECRETS": str(root)}, input=given,
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def read_folder(root: Path) -> dict[str, str]:
    return {str(file.relative_to(root)): file.read_text(encoding="utf-8") for file in root.rglob("*") if file.is_file()}


@pytest.fixture
def volumes(tmp_path: Path) -> Path:
    """The folders that the compose files mount into `secrets`."""
    for service in (LENDER["secrets"], DEMO["secrets"]):
        for volume in service["volumes"]:
            (tmp_path / volume.split(":")[1].removeprefix("/secrets/")).mkdir()
    return tmp_path


def test_secrets_are_made_once(volumes: Path) -> None:
    first = run_secrets(volumes)
    assert first.returncode == 0, first.stderr
    made = read_folder(volumes)
    assert run_secrets(volumes).stdout == "secrets: all there\n"
    assert read_folder(volumes) == made
    assert len(made["setup/loans_db_password"]) == 48
    assert made["setup/loans_db_password"] == made["loans-db/loans_db_password"]
    assert made["lender/lender_url"] == f"postgresql://lender:{made['loans-db/lender_password']}@loans-db:5432/loans"
    assert made["setup/slack_webhook"] == ""
    assert "create role lender" in made["loans-db/roles.sql"]
    values = [value for name, value in made.items() if value and not name.endswith((".sql", "url"))]
    assert len(set(values)) == len(values) - 1, "no two alike, but the one that two read"
    assert not any(value in first.stdout + first.stderr for value in values), "none is printed"


def test_a_secret_of_ones_own_is_set_and_shown(volumes: Path) -> None:
    run_secrets(volumes)
    assert run_secrets(volumes, "set", "slack_webhook", given="https://hooks.slack.com/x\n").returncode == 0
    assert run_secrets(volumes, "show", "slack_webhook").stdout == "https://hooks.slack.com/x\n"
    run_secrets(volumes)
    assert read_folder(volumes)["setup/slack_webhook"] == "https://hooks.slack.com/x"
    refused = run_secrets(volumes, "show", "../etc/passwd")
    assert (refused.returncode, "There are: " in refused.stderr) == (2, True)


def test_without_the_demo_its_secrets_are_not_made(tmp_path: Path) -> None:
    for purpose in PURPOSES:
        (tmp_path / purpose).mkdir()
    assert run_secrets(tmp_path).returncode == 0
    assert {name.partition("/")[0] for name in read_folder(tmp_path)} == PURPOSES


def test_the_reports_ask_for_their_password(tmp_path: Path) -> None:
    results = tmp_path / "results"
    (results / "job").mkdir(parents=True)
    (results / "index.html").write_text("all runs", encoding="utf-8")
    (results / "job" / "report.html").write_text("a report", encoding="utf-8")
    (tmp_path / "secret").write_text("not for readers", encoding="utf-8")
    client = TestClient(create_app(results, "pässword"))
    for wrong in (None, ("loanwatch", ""), ("loanwatch", "other"), ("other", "pässword")):
        refused = client.get("/job/report.html", auth=wrong)
        assert (refused.status_code, refused.headers["www-authenticate"][:5]) == (401, "Basic")
        assert "a report" not in refused.text
    for header in ("Basic", "Basic %%%", "Bearer bG9hbndhdGNo", "Basic bG9hbndhdGNo"):
        assert client.get("/", headers={"Authorization": header}).status_code == 401
    known = ("loanwatch", "pässword".encode())
    assert client.get("/job/report.html", auth=known).text == "a report"
    assert client.get("/", auth=known).text == "all runs"
    assert client.get("/%2e%2e/secret", auth=known).status_code == 404
    assert client.get("/job/", auth=known).status_code == 404, "folders are not listed"


def test_the_reports_are_not_served_without_a_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SecretError, match="LOANWATCH_REPORTS_PASSWORD_FILE"):
        read_password()
    (tmp_path / "password").write_text("\n", encoding="utf-8")
    monkeypatch.setenv("LOANWATCH_REPORTS_PASSWORD_FILE", str(tmp_path / "password"))
    with pytest.raises(SecretError):
        read_password()
    (tmp_path / "password").write_text("word\n", encoding="utf-8")
    assert read_password() == "word"


def test_health_names_what_does_not_answer() -> None:
    assert find_fault("http://127.0.0.1:9/") is not None
    assert find_fault("nonsense") is not None
