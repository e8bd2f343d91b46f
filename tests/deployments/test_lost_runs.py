"""Lost runs, on a real Prefect server: found whatever happened to the server and its automations; told, and once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from tests.support.prefect_stack import Stack, run_stack
from tests.support.wait import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("setup")]

SILENCE = 60
PATIENCE = 300
NO_ADDRESS = ("PREFECT_API_URL", "PREFECT_UI_URL")  # a server that does not know where its UI is
HEARTBEAT = "loanwatch: mark runs without a heartbeat as crashed"
UNSTARTED = "loanwatch: mark runs that never started as crashed"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A server that was set up. Its workers are the tests: they say what a worker says, and are gone when they like."""
    with run_stack(tmp_path_factory.mktemp("lost"), with_loans=False) as stack:
        stack.environment["LOANWATCH_SLACK_WEBHOOK"] = stack.slack.url
        set_up(stack)
        yield stack


def set_up(stack: Stack) -> str:
    done = stack.run("deployments.setup", "--silence", str(SILENCE))
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def lose(stack: Stack, *states: str, deployment: str = "monitor/monitor") -> str:
    """A run that comes into these states and is never heard of again."""
    run = stack.launch(deployment)
    assert stack.set_state(run, *states) in ("Pending", "Running")
    time.sleep(3)  # a server that ends at once has not seen its own events
    return run


def find_automation(stack: Stack, name: str) -> dict[str, Any]:
    (found,) = [each for each in stack.call("POST", "/automations/filter", {}) if each["name"] == name]
    return dict(found)


def wait_for_crash(stack: Stack, run: str) -> str:
    """What is said of the crash, once the run is marked and it was told, in time and once."""
    crashed = lambda: stack.call("GET", f"/flow_runs/{run}")["state"]["type"] == "CRASHED"  # noqa: E731
    wait_until(crashed, PATIENCE, "the run to be marked")
    wait_until(lambda: find_notices(stack, run), 60, "the message")
    time.sleep(5)  # for a second message
    (told,) = find_notices(stack, run)
    assert "None" not in told
    return str(stack.call("GET", f"/flow_runs/{run}")["state"]["message"])


def find_notices(stack: Stack, run: str) -> list[str]:
    return [seen["text"] for seen in stack.slack.seen if "is Crashed" in str(seen) and run in str(seen)]


def test_a_run_lost_before_everything_was_made_anew_frees_its_slot(stack: Stack) -> None:
    """The server is down and up, its automation is another one: nobody waits for the run any more, until set-up."""
    lost = lose(stack, "PENDING", "RUNNING")
    waiting = stack.launch("monitor/monitor")
    assert stack.set_state(waiting, "PENDING") == "AwaitingConcurrencySlot"
    stack.call("DELETE", f"/automations/{find_automation(stack, HEARTBEAT)['id']}")
    stack.restart_server()
    assert f"automation '{HEARTBEAT}': created" in set_up(stack)
    assert wait_for_crash(stack, lost) == "Lost: no heartbeat."
    assert stack.set_state(waiting, "PENDING") == "Pending", "the next run has the slot"
    stack.set_state(waiting, "RUNNING", "COMPLETED")


def test_a_run_whose_worker_was_lost_before_its_start(stack: Stack) -> None:
    found = find_automation(stack, UNSTARTED)
    body = {name: value for name, value in found.items() if name not in ("id", "created", "updated")}
    stack.call("PUT", f"/automations/{found['id']}", body | {"trigger": body["trigger"] | {"within": 30}})
    lost = lose(stack, "PENDING")
    assert wait_for_crash(stack, lost) == "Lost: it was taken up and never started."
    assert "kept what was changed on the server: trigger.within (30" in set_up(stack)


def test_a_run_that_never_sent_a_heartbeat(stack: Stack) -> None:
    assert wait_for_crash(stack, lose(stack, "PENDING", "RUNNING")) == "Lost: no heartbeat."


def test_a_run_that_lives_and_one_that_ended_are_not_taken_for_lost(stack: Stack) -> None:
    alive, ended = (lose(stack, "PENDING", "RUNNING", deployment="monitor/window") for _ in range(2))
    done = stack.run("deployments.lost_runs")
    assert "2 asked for a sign of life" in done.stdout, done.stderr
    stack.set_state(ended, "COMPLETED")
    for _ in range(5):
        beat(stack, alive)
        time.sleep(SILENCE / 3)
    states = [stack.call("GET", f"/flow_runs/{run}")["state"]["type"] for run in (alive, ended)]
    assert states == ["RUNNING", "COMPLETED"]
    stack.set_state(alive, "COMPLETED")


def beat(stack: Stack, run: str) -> None:
    """The heartbeat that a run's process sends."""
    (started,) = [each for each in stack.events("prefect.flow-run.Running") if run in str(each["resource"])]
    event = {name: started[name] for name in ("resource", "related")} | {"event": "prefect.flow-run.heartbeat"}
    sent = {"id": str(uuid4()), "occurred": datetime.now(UTC).isoformat(), "payload": {}}
    stack.call("POST", "/events", [event | sent])


def test_a_crash_that_a_worker_reports_is_told_once_though_it_is_reported_twice(stack: Stack) -> None:
    run = lose(stack, "PENDING", "RUNNING", deployment="monitor/window")
    stack.set_state(run, "CRASHED", "CRASHED", message="Process exited with status code: -9")
    wait_until(lambda: find_notices(stack, run), 60, "the message")
    time.sleep(5)
    (told,) = find_notices(stack, run)
    assert "Process exited with status code: -9" in told
    assert f"/runs/flow-run/{run}" in told


def test_a_server_that_does_not_know_its_address_gives_no_link(stack: Stack) -> None:
    """And one that was made anew tells what it marks, at once: Prefect would hold the event back for 15 minutes."""
    lost = lose(stack, "PENDING", "RUNNING", deployment="monitor/window")
    stack.restart_server(*NO_ADDRESS)
    wait_for_crash(stack, lost)
    (told,) = find_notices(stack, lost)
    assert told.endswith(f"Lost: no heartbeat. (flow run {lost})")
