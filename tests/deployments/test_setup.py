"""Set-up, again and again, on a real Prefect server: what a person changed stays, an upgrade gets through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.prefect_stack import Stack, run_stack

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("setup")]

HEARTBEAT = "loanwatch: mark runs without a heartbeat as crashed"
LATE = "loanwatch: alert on late runs"
SAME = ("created", "updated", "id", "last_polled", "version_id", "version_info", "status", "created_by", "updated_by")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A server that was set up."""
    with run_stack(tmp_path_factory.mktemp("setup"), with_loans=False) as stack:
        stack.environment["LOANWATCH_SLACK_WEBHOOK"] = stack.slack.url
        said = set_up(stack)
        assert "deployment monitor/monitor: created" in said
        yield stack


def set_up(stack: Stack, *options: str) -> str:
    done = stack.run("deployments.setup", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def get(stack: Stack, deployment: str) -> dict[str, Any]:
    return dict(stack.call("GET", f"/deployments/name/{deployment}"))


def get_automation(stack: Stack, name: str) -> dict[str, Any]:
    (found,) = [each for each in stack.call("POST", "/automations/filter", {}) if each["name"] == name]
    return dict(found)


def get_everything(stack: Stack) -> dict[str, Any]:
    """All that set-up makes, with the ids of schedules and triggers and the times of the last change."""
    deployments = stack.call("POST", "/deployments/filter", {})
    return {
        "deployments": sorted(deployments, key=lambda each: str(each["name"])),
        "automations": stack.call("POST", "/automations/filter", {}),
        "pool": stack.call("GET", "/work_pools/loanwatch"),
    }


def without(values: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}


def change_automation(stack: Stack, name: str, **changes: Any) -> None:
    """As a person does it in the UI."""
    found = get_automation(stack, name)
    body = without(found, "id", "created", "updated")
    body["trigger"] = body["trigger"] | {"within": changes.pop("within", body["trigger"]["within"])}
    stack.call("PUT", f"/automations/{found['id']}", body | changes)


def test_set_up_again_touches_nothing(stack: Stack) -> None:
    before = get_everything(stack)
    said = set_up(stack)
    assert get_everything(stack) == before
    lines = [line for line in said.splitlines() if line.startswith(("deployment ", "automation ", "work pool "))]
    assert len(lines) == 9 + 7 + 1
    assert all(line.endswith(": as it should be") for line in lines), said
    assert "runs under way: 0 asked" in said
    assert len(said.splitlines()) < 40, "a screen"
    shown = said.partition("What a run needs")[2]
    assert "Slack: the block loan-alerts holds an address; no message was sent" in shown
    assert "python -m deployments.worker" in shown.partition("Next")[2]
    assert f"{stack.url.removesuffix('/api')}/deployments" in shown
    assert stack.slack.seen == []


def test_what_a_person_changed_stays_and_is_told(stack: Stack) -> None:
    monitor = get(stack, "monitor/monitor")
    schedule = monitor["schedules"][0]["id"]
    stack.call("PATCH", f"/deployments/{monitor['id']}/schedules/{schedule}", {"active": False})
    stack.call(
        "PATCH", f"/deployments/{monitor['id']}", {"parameters": {"models": "elsewhere"}, "concurrency_limit": 2}
    )
    stack.call("PATCH", f"/deployments/{get(stack, 'score/score')['id']}", {"parameters": {"trailing_days": 3}})
    stack.call("PATCH", "/work_pools/loanwatch", {"concurrency_limit": 3})
    change_automation(stack, LATE, enabled=False)
    change_automation(stack, HEARTBEAT, within=300)
    before = get_everything(stack)
    said = set_up(stack)
    assert get_everything(stack) == before
    kept = "kept what was changed on the server:"
    assert f"deployment monitor/monitor: {kept} concurrency_limit (2), " in said
    assert 'parameters.models ("elsewhere"), schedules.monthly.active (false)' in said
    assert f"deployment score/score: {kept} parameters.trailing_days (3)" in said
    assert f"work pool loanwatch: {kept} concurrency limit (3)" in said
    assert f"automation '{LATE}': {kept} enabled (false)" in said
    assert get_automation(stack, HEARTBEAT)["trigger"]["within"] == 300
    set_up(stack, "--silence", "120")
    assert get_automation(stack, HEARTBEAT)["trigger"]["within"] == 120, "asked for"
    assert not get_automation(stack, LATE)["enabled"]


def test_what_changed_in_loanwatch_gets_through(stack: Stack) -> None:
    """Beside what a person changed: of one and the same deployment, and of one and the same field."""
    file = stack.clone / "prefect.yaml"
    original = file.read_text(encoding="utf-8")
    daily = get(stack, "score/score")["schedules"][0]
    stack.call("PATCH", f"/deployments/{get(stack, 'score/score')['id']}/schedules/{daily['id']}", {"active": False})
    changed = (
        original.replace("Every month, the last full month", "Monthly, the last full month")
        .replace('"30 5 * * *"', '"45 5 * * *"')
        .replace("{trailing_days: 7}", "{trailing_days: 7, contract: loan_applications}")
        .replace(
            '{cron: "0 6 1 * *", timezone: UTC, slug: monthly, active: true}',
            '{cron: "0 6 1 * *", timezone: UTC, slug: monthly, active: true}\n'
            '      - {cron: "0 6 15 * *", timezone: UTC, slug: middle, active: true}',
        )
    )
    file.write_text(changed, encoding="utf-8")
    said = set_up(stack)
    monitor, score = get(stack, "monitor/monitor"), get(stack, "score/score")
    assert monitor["description"].startswith("Monthly")
    assert {each["slug"]: each["active"] for each in monitor["schedules"]} == {"monthly": False, "middle": True}
    assert (score["schedules"][0]["schedule"]["cron"], score["schedules"][0]["active"]) == ("45 5 * * *", False)
    assert score["parameters"] == {"trailing_days": 3, "contract": "loan_applications"}
    assert "deployment score/score: updated parameters.contract, schedules.daily; kept" in said
    file.write_text(original, encoding="utf-8")
    set_up(stack)
    assert [each["slug"] for each in get(stack, "monitor/monitor")["schedules"]] == ["monthly"]
    assert get(stack, "score/score")["parameters"] == {"trailing_days": 3}


def test_reset_undoes_what_a_person_changed(stack: Stack) -> None:
    stack.call("PATCH", "/work_pools/loanwatch", {"is_paused": True})
    set_up(stack, "--reset")
    monitor = get(stack, "monitor/monitor")
    assert [each["active"] for each in monitor["schedules"]] == [True]
    assert (monitor["parameters"], monitor["global_concurrency_limit"]["limit"]) == ({}, 1)
    assert get(stack, "score/score")["parameters"] == {"trailing_days": 7}
    pool = stack.call("GET", "/work_pools/loanwatch")
    assert (pool["concurrency_limit"], pool["is_paused"]) == (None, False)
    assert get_automation(stack, LATE)["enabled"]
    assert get_automation(stack, HEARTBEAT)["trigger"]["within"] == 180


def test_prefects_own_command_makes_the_same_deployments(stack: Stack) -> None:
    before = {each["name"]: each for each in get_everything(stack)["deployments"]}
    done = stack.run("prefect", "--no-prompt", "deploy", "--all")
    assert done.returncode == 0, done.stdout + done.stderr
    for each in get_everything(stack)["deployments"]:
        ours = before[each["name"]]
        # Prefect's command cannot say that a form has no other fields.
        assert ours["parameter_openapi_schema"].pop("additionalProperties") is False
        assert without(each, *SAME, "schedules") == without(ours, *SAME, "schedules")
        pairs = zip(each["schedules"], ours["schedules"], strict=True)
        assert all(without(a, *SAME) == without(b, *SAME) for a, b in pairs)
    said = set_up(stack)
    assert all("updated parameter_openapi_schema" in line for line in said.splitlines() if "updated" in line)


def test_a_deployment_that_a_person_deleted_is_there_again(stack: Stack) -> None:
    stack.call("DELETE", f"/deployments/{get(stack, 'slack-test/slack-test')['id']}")
    assert "deployment slack-test/slack-test: created" in set_up(stack)


def test_a_parameter_may_be_null(stack: Stack) -> None:
    """With fastapi 0.151 to 0.154 Prefect's API refused every null."""
    file = stack.clone / "prefect.yaml"
    original = file.read_text(encoding="utf-8")
    file.write_text(original.replace("{trailing_days: 30}", "{trailing_days: 30, start: null}"), encoding="utf-8")
    done = stack.run("prefect", "--no-prompt", "deploy", "--all")
    assert done.returncode == 0, done.stdout + done.stderr
    assert get(stack, "monitor/monitor-daily")["parameters"] == {"trailing_days": 30, "start": None}
    assert stack.run("prefect", "deployment", "ls").returncode == 0
    set_up(stack)
    assert get(stack, "monitor/monitor-daily")["parameters"] == {"trailing_days": 30, "start": None}
    file.write_text(original, encoding="utf-8")
