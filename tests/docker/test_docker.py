"""On a real Docker engine, in order: built, up, a verdict, told, stopped, killed, down and up, and no secret seen."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest

from tests.docker.stack import (
    FIGURES,
    FINAL,
    IMAGE,
    LONG_RUNNING,
    SECRETS,
    SLIM,
    WEBHOOK,
    Stack,
    docker,
    inspect_image,
    up,
)
from tests.support import ROOT
from tests.support.wait import PATIENCE, wait_until

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("images")]

APPLICATION = {
    "current_loan_amount": 12_000, "term": "short term", "tax_liens": 0, "purpose": None, "no_of_properties": 1,
    "home_ownership": "rent", "annual_income": 60_000, "years_in_current_job": "10+ years",
    "months_since_last_delinquent": None, "no_of_cars": 1, "no_of_children": 0, "credit_score": 700,
    "monthly_debt": "$1,234.50", "years_of_credit_history": 12, "no_of_open_accounts": 5, "no_of_credit_problems": 0,
    "current_credit_balance": 9_000, "max_open_credit": "20000", "bankruptcies": 0,
}  # fmt: skip
TABLES = ("loan_details", "customer_details", "credit_details")


def run_in_image(image: str, *command: str) -> str:
    """What a command says in a fresh container, without a network."""
    return docker("run", "--rm", "--network", "none", "--read-only", "--tmpfs", "/tmp", image, *command)


def test_the_image_holds_what_runs_and_nothing_else() -> None:
    seen = run_in_image(IMAGE, "sh", "-c", "id -u; command -v cc gcc g++ make git uv pytest mypy ruff || true")
    assert seen.split() == ["10001"], "no compiler and no tool of a developer, and not root"
    unwanted = "/opt /root /home /var/lib/loanwatch /tmp -name tests -o -name .git -o -name .secrets -o -name .cache"
    assert docker("run", "--rm", "--user", "root", "--entrypoint", "find", IMAGE, *unwanted.split()).split() == []


def test_the_smaller_image_lacks_deepchecks_only() -> None:
    ask = "import importlib.util as u, flows.monitor, deployments.api.app; print(u.find_spec('deepchecks') is not None)"
    assert run_in_image(IMAGE, "python", "-c", ask).split()[-1] == "True"
    assert run_in_image(SLIM, "python", "-c", ask).split()[-1] == "False"
    assert int(inspect_image(SLIM, ".Size")) < int(inspect_image(IMAGE, ".Size"))


def test_up_with_nothing_prepared_ends_in_a_verdict(stack: Stack) -> None:
    stack.compose("run", "--rm", "-T", "secrets", "set", "slack_webhook", input=WEBHOOK)
    began = time.monotonic()
    up(stack)
    FIGURES["up: seconds until all is healthy"] = f"{time.monotonic() - began:.0f}"
    wait_for_demo(stack)
    FIGURES["up: seconds until the first verdict"] = f"{time.monotonic() - began:.0f}"
    said = stack.compose("logs", "--no-log-prefix", "--no-color", "demo")
    assert "outcome: kept" in said
    assert "annual_income" in said
    assert f"http://127.0.0.1:{stack.ports['reports']}/" in said


def wait_for_demo(stack: Stack) -> None:
    """Wait until the service `demo` has ended well."""
    code = docker("wait", stack.compose("ps", "--all", "--quiet", "demo").strip())
    assert code.strip() == "0", stack.compose("logs", "--no-log-prefix", "demo")


def test_the_verdict_is_on_the_server_and_in_slack(stack: Stack) -> None:
    (run,) = stack.prefect("POST", "/flow_runs/filter", {"flow_runs": {"tags": {"all_": ["outcome:kept"]}}})
    told = wait_until(stack.seen_by_slack, PATIENCE, "Slack's message")
    (message,) = [str(one) for one in told if "2024-08-01 to 2024-08-31" in str(one)]
    assert f"http://127.0.0.1:{stack.ports['prefect']}/runs/flow-run/{run['id']}" in message
    assert f"http://127.0.0.1:{stack.ports['reports']}/" in message


def test_the_prefect_ui_answers(stack: Stack) -> None:
    page = stack.ask("prefect", "/", follow_redirects=True)
    assert (page.status_code, "Prefect" in page.text) == (200, True)
    assert stack.ask("prefect", "/api/flow_runs/count", method="POST", json={}).status_code == 401


def test_the_scoring_api_asks_for_its_key(stack: Stack) -> None:
    assert stack.ask("api", "/model").status_code == 401
    assert stack.ask("api", "/predict", method="POST", json=APPLICATION).status_code == 401
    key = {"X-API-Key": stack.secret("api_key")}
    (answer,) = stack.ask("api", "/predict", method="POST", json=APPLICATION, headers=key).json()
    assert answer["decision"] in ("loan given", "loan refused")
    assert answer["model_version"] == stack.ask("api", "/model", headers=key).json()["version"] == 1


def test_the_report_page_asks_for_its_password(stack: Stack) -> None:
    job = find_job(stack)
    for given, expected in ((None, 401), (("loanwatch", "wrong"), 401), (reader(stack), 200)):
        assert stack.ask("reports", f"/{job}/report.html", auth=given).status_code == expected
    assert "annual_income" in stack.ask("reports", f"/{job}/report.html", auth=reader(stack)).text
    assert job in stack.ask("reports", "/", auth=reader(stack)).text, "the page of all runs"
    assert stack.ask("reports", f"/{job}/data_drift.html", auth=reader(stack)).status_code == 200


def reader(stack: Stack) -> tuple[str, str]:
    """Who reads reports."""
    return "loanwatch", stack.secret("reports_password")


def find_job(stack: Stack) -> str:
    """The job of the first verdict."""
    return stack.rows("select job_id from loanwatch.run order by job_id limit 1")[0][0]


def test_the_roles_have_the_least_rights(stack: Stack) -> None:
    owners = stack.rows("select schemaname, tablename, tableowner from pg_tables where schemaname !~ '^(pg_|info)'")
    assert {tuple(row) for row in owners if row[1] in TABLES} == {("public", table, "lender") for table in TABLES}
    assert {row[2] for row in owners if row[0] == "loanwatch"} == {"loanwatch"}
    assert stack.rows("select rolname from pg_roles where rolsuper") == [["postgres"]]
    may = "has_table_privilege('loanwatch', 'public.loan_details', '{}')"
    asked = ", ".join(may.format(right) for right in ("select", "insert", "update", "delete", "truncate"))
    assert stack.rows(f"select {asked}") == [["t", "f", "f", "f", "f"]]
    assert stack.rows("select has_schema_privilege('loanwatch', 'public', 'create')") == [["f"]]


def test_containers_are_confined(stack: Stack) -> None:
    for container in stack.containers():
        name, host = container["Config"]["Labels"]["com.docker.compose.service"], container["HostConfig"]
        if name == "slack":
            continue
        assert host["ReadonlyRootfs"], name
        assert [right.upper() for right in host["CapDrop"]] == ["ALL"], name
        assert set(host["CapAdd"] or []) <= {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"}, name
        assert not host["CapAdd"] or name.endswith("-db"), name
        assert host["Memory"] > 0, name
        assert host["NanoCpus"] > 0, name
        assert host["PidsLimit"] > 0, name
        assert host["LogConfig"]["Config"]["max-size"] == "10m", name
        assert all(
            binding["HostIp"] == "127.0.0.1"
            for bindings in (host["PortBindings"] or {}).values()
            for binding in bindings or ()
        ), name
        if name in LONG_RUNNING:
            processes = [
                line.split(None, 2) for line in docker("top", container["Id"], "-eo", "pid,uid,args").splitlines()
            ]
            assert not [args for _, uid, args in processes if uid == "0" and "docker-init" not in args], name


def test_a_month_is_monitored_by_one_command(stack: Stack) -> None:
    began = time.monotonic()
    options = ("-p", "start=2024-07-01", "-p", "end=2024-07-31", "--watch")
    # July lies in the first champion's training days: a refusal, whose exit code and message reach the terminal.
    refused = stack.compose(
        "exec", "-T", "worker", "prefect", "deployment", "run", "monitor/monitor", *options, check=False
    )
    assert "Failed" in refused
    run = stack.start_run("-p", "start=2024-09-01", "-p", "end=2024-09-30")
    kind, _, message = stack.wait_for_run(run, FINAL, PATIENCE)
    FIGURES["a run by hand, then a second one: seconds"] = f"{time.monotonic() - began:.0f}"
    assert (kind, message.partition(":")[0]) == ("COMPLETED", "stable")


def test_a_stopped_worker_lets_its_run_end(stack: Stack) -> None:
    run = stack.start_run("-p", "start=2024-10-01", "-p", "end=2024-10-31")
    stack.wait_for_run(run, ("RUNNING",), PATIENCE)
    began = time.monotonic()
    stack.compose("stop", "worker", timeout=330)
    FIGURES["stop of a worker with a run: seconds"] = f"{time.monotonic() - began:.0f}"
    kind, _, message = stack.state(run)
    assert kind == "COMPLETED", message
    stack.compose("up", "--detach", "--no-deps", "worker")
    wait_until(stack.is_healthy, PATIENCE, "the worker")


def test_a_killed_worker_is_told(stack: Stack) -> None:
    run = stack.start_run("-p", "start=2024-10-01", "-p", "end=2024-10-31")
    stack.wait_for_run(run, ("RUNNING",), PATIENCE)
    began = time.monotonic()
    stack.compose("kill", "worker")
    address = f"http://127.0.0.1:{stack.ports['prefect']}/runs/flow-run/{run}"
    wait_until(lambda: [m for m in stack.seen_by_slack() if address in str(m)], PATIENCE, "the message")
    FIGURES["kill of a worker: seconds until Slack is told"] = f"{time.monotonic() - began:.0f}"
    assert stack.state(run)[0] == "CRASHED"


def test_down_and_up_again_finds_everything_there(stack: Stack) -> None:
    before = take_stock(stack)
    told = len(stack.seen_by_slack())
    stack.compose("down", timeout=330)
    assert stack.compose("ps", "--all", "--quiet") == ""
    up(stack)
    wait_for_demo(stack)
    assert take_stock(stack) == before
    assert "outcome: kept" in stack.compose("logs", "--no-log-prefix", "--no-color", "demo"), "shown, not run again"
    assert len(stack.seen_by_slack()) == told


def take_stock(stack: Stack) -> dict[str, object]:
    """What has to outlive the containers."""
    key = {"X-API-Key": stack.secret("api_key")}
    # What this stack is asked with has been read before: that it still opens shows that the secrets are the same.
    runs = {"flow_runs": {"deployment_id": {"any_": [stack.prefect("GET", "/deployments/name/monitor/monitor")["id"]]}}}
    runs["flow_runs"]["state"] = {"type": {"any_": [*FINAL]}}  # type: ignore[dict-item]
    return {
        "model": stack.ask("api", "/model", headers=key).json(),
        "report": stack.ask("reports", f"/{find_job(stack)}/report.html", auth=reader(stack)).text,
        "applications": stack.rows("select count(*) from loan_details"),
        "ledger": stack.rows("select * from loanwatch.promotion order by entry"),
        "runs": stack.rows("select job_id from loanwatch.run order by 1"),
        "on the server": sorted(run["id"] for run in stack.prefect("POST", "/flow_runs/filter", runs)),
        "automations": sorted(one["name"] for one in stack.prefect("POST", "/automations/filter", {})),
    }


def test_no_secret_is_anywhere_but_in_its_volume(stack: Stack) -> None:
    values = {name: stack.secret(name) for name in SECRETS}
    values["prefect_auth"] = values["prefect_auth"].partition(":")[2]
    assert all(values.values())
    processes = [docker("top", one["Id"], "-eo", "pid,args") for one in stack.containers() if one["State"]["Running"]]
    files = "cat $(find /opt/loanwatch/results /opt/loanwatch/models -type f)"
    places = {
        "docker inspect": json.dumps(stack.containers()),
        "docker compose config": stack.compose("config"),
        "docker history": docker("history", "--no-trunc", IMAGE) + docker("image", "inspect", IMAGE),
        "logs": stack.compose("logs", "--no-color"),
        "processes": "\n".join(processes),
        "results and models": stack.compose("exec", "-T", "worker", "sh", "-c", files, errors="replace"),
        "Prefect's API": json.dumps([
            stack.prefect("POST", f"/{kind}/filter", {"limit": 200})
            for kind in ("flow_runs", "deployments", "block_documents", "artifacts", "logs", "variables")
        ]),
    }  # fmt: skip
    found = [(name, place) for name, value in values.items() for place, text in places.items() if value in text]
    assert found == []
    assert find_in_layers(IMAGE, values) == []


def find_in_layers(image: str, values: dict[str, str]) -> list[str]:
    """The names of those values that are in one of the image's layers."""
    found, tail = set(), b""
    with subprocess.Popen(["docker", "save", image], stdout=subprocess.PIPE) as saved:
        assert saved.stdout is not None
        while chunk := saved.stdout.read(1 << 24):
            text = tail + chunk
            found |= {name for name, value in values.items() if value.encode() in text}
            tail = text[-200:]
    assert saved.returncode == 0
    return sorted(found)


def test_on_a_database_of_ones_own_the_demo_is_left_out(stack: Stack) -> None:
    alone = (ROOT / "docker-compose.yml",)
    assert {"demo", "loans-db", "load"}.isdisjoint(stack.compose("config", "--services", files=alone).split())
    named = {"HOST": "loans-db", "NAME": "loans", "USER": "loanwatch"}  # the lender's, as it were
    own = Stack(stack.project, alone, stack.ports, stack.environment)
    own.environment = {**stack.environment, **{f"LOANWATCH_DATABASE_{name}": value for name, value in named.items()}}
    said = own.compose("run", "--rm", "--no-deps", "-T", "setup")
    assert "loanwatch at loans-db:5432/loans" in said


def test_csv_files_are_loaded_by_the_tables_owner(stack: Stack, tmp_path: Path) -> None:
    for table in TABLES:
        copy = ("psql", "-U", "postgres", "-d", "loans", "-c", f"copy (select * from {table}) to stdout csv header")
        (tmp_path / f"{table}.csv").write_text(stack.compose("exec", "-T", "loans-db", *copy), encoding="utf-8")
    load = ("run", "--rm", "-T", "--volume", f"{tmp_path}:/data:ro")
    tmp_path.chmod(0o700)
    refused = stack.compose(*load, "load", check=False)
    assert "the user loanwatch (10001)" in refused
    assert "chmod" in refused
    owner = ("--user", str(tmp_path.stat().st_uid))
    assert "already has rows" in stack.compose(*load, *owner, "load", check=False)
    said = stack.compose(*load, *owner, "load", "python", "-m", "flows.load", "/data", "--replace")
    assert "loaded into" in said
    test_the_roles_have_the_least_rights(stack)
    assert stack.rows("select to_version is null from loanwatch.promotion order by entry desc limit 1") == [["t"]]
