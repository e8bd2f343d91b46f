"""On a real Prefect server with a real worker: deployed, scheduled, monitored, told, and no secret anywhere."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support.postgres import PASSWORD
from tests.support.prefect_stack import ROOT, Stack, dump_everything, run_stack
from tests.support.slack_stand_in import PATH, check_blocks
from tests.support.wait import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("server")]

POLICY = {
    "train": {"forest_trees": 20, "boosting_rounds": 20},
    "alerts": {"timeout_seconds": 2},
    "self_check": {"splits": 2},
}
# Seconds that a machine is away: longer than the silence, and the minute for which Prefect keeps what has ended.
AWAY = 90 + 75
# Seconds in which Prefect's server sees that a pool has lost its workers.
FOREMAN = 20
REFERENCE = {"reference_start": "2024-01-01", "reference_end": "2024-06-30"}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A server that was set up twice, and a worker."""
    with run_stack(tmp_path_factory.mktemp("stack")) as stack:
        print(f"Prefect keeps its records on {stack.kept_on}")
        stack.environment |= {
            "LOANWATCH_DATABASE_HOST": str(stack.loans.host),
            "LOANWATCH_DATABASE_PORT": str(stack.loans.port),
            "LOANWATCH_DATABASE_NAME": str(stack.loans.database),
            "LOANWATCH_DATABASE_USER": str(stack.loans.username),
            "LOANWATCH_DATABASE_PASSWORD": PASSWORD,
            "LOANWATCH_SLACK_WEBHOOK": stack.slack.url,
        }
        for _ in range(2):
            done = stack.run("deployments.setup", "--silence", "90", "--late", "60")
            assert done.returncode == 0, done.stdout + done.stderr
        for name in [name for name in stack.environment if name.startswith("LOANWATCH_")]:
            del stack.environment[name]  # from here on the blocks are all that runs have
        stack.start_worker("worker")
        yield stack


def count_at_once(runs: list[dict[str, Any]]) -> int:
    """How many of the runs were under way at the same time, at most."""
    times = [(run["start_time"], run["end_time"]) for run in runs]
    return max(sum(start <= moment < end for start, end in times) for moment, _ in times)


def find_crash_notices(stack: Stack, run_id: str) -> list[dict[str, Any]]:
    """What Slack was told of a run that crashed."""
    return [seen for seen in stack.slack.seen if "is Crashed" in str(seen) and f"/runs/flow-run/{run_id}" in str(seen)]


def find_automated(stack: Stack) -> list[dict[str, Any]]:
    """The runs of score that an automation has started."""
    return [run for run in stack.find_runs("score/score") if (run["created_by"] or {}).get("type") == "AUTOMATION"]


@pytest.fixture(scope="module")
def stable(stack: Stack) -> dict[str, Any]:
    """A quiet month, with the first champion."""
    run = stack.launch("monitor/monitor", start="2024-07-01", end="2024-07-31", policy=POLICY, **REFERENCE)
    return stack.finish(run)


@pytest.fixture(scope="module")
def drifted(stack: Stack, stable: dict[str, Any]) -> dict[str, Any]:
    """The month in which the demo's applicants change."""
    return stack.finish(stack.launch("monitor/monitor", start="2024-08-01", end="2024-08-31", policy=POLICY))


def artifacts(stack: Stack, run: dict[str, Any]) -> dict[str, Any]:
    found = stack.call("POST", "/artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [run["id"]]}}})
    return {artifact["key"]: artifact for artifact in found}


def test_set_up_twice_makes_one_of_each(stack: Stack) -> None:
    deployments = stack.call("POST", "/deployments/filter", {})
    names = {"monitor", "monitor-daily", "window", "backfill", "score", "train", "prune", "slack-test", "lost-runs"}
    assert {d["name"] for d in deployments} == names
    limited = {d["name"] for d in deployments if d["concurrency_options"]}
    assert limited == names - {"window", "slack-test", "lost-runs"}
    automations = [automation["name"] for automation in stack.call("POST", "/automations/filter", {})]
    assert len(automations) == len(set(automations)) == 7
    blocks = {document["name"] for document in stack.call("POST", "/block_documents/filter", {})}
    assert {"loans-postgres", "loan-alerts"} <= blocks


def test_the_schedule_creates_runs_at_its_slots(stack: Stack) -> None:
    found = stack.call("GET", "/deployments/name/monitor/monitor")
    asked = {"deployments": {"id": {"any_": [found["id"]]}}, "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}
    runs = wait_until(lambda: stack.call("POST", "/flow_runs/filter", asked), 240, "the scheduler")
    slots = [datetime.fromisoformat(run["expected_start_time"]) for run in runs]
    assert all((slot.day, slot.hour, slot.minute) == (1, 6, 0) for slot in slots)
    assert min(slots) > datetime.now(UTC)
    daily = stack.call("GET", "/deployments/name/monitor/monitor-daily")
    asked["deployments"]["id"]["any_"] = [daily["id"]]
    assert stack.call("POST", "/flow_runs/filter", asked) == []


def test_a_stable_month_is_quiet(stack: Stack, stable: dict[str, Any]) -> None:
    assert (stable["state"]["type"], stable["state"]["name"]) == ("COMPLETED", "Completed")
    assert stable["state"]["message"].startswith("stable: ")
    assert stable["name"] == "✓ loan_applications 2024-07-01 to 2024-07-31, by hand: stable"
    assert {"loanwatch", "monitoring", "outcome:stable"} == set(stable["tags"])
    (told,) = [seen for seen in stack.slack.seen if "loan_applications" in str(seen)]
    assert "Version 1 is the first model in production." in str(told), "that is told, and nothing else"
    shown = artifacts(stack, stable)
    assert set(shown) == {"verdict-loan-applications", "findings-loan-applications", "progress-loan-applications"}
    assert shown["progress-loan-applications"]["data"] == 100.0


def test_a_drifted_month_is_told_once_with_its_numbers(stack: Stack, drifted: dict[str, Any]) -> None:
    assert (drifted["state"]["type"], drifted["state"]["name"]) == ("COMPLETED", "Completed")
    # The lender decides as before: a challenger has nothing to learn.
    found = "✗ loan_applications 2024-08-01 to 2024-08-31, by hand: alarm, retrained, champion kept"
    assert drifted["name"] == found
    assert {"outcome:kept", "alarm"} <= set(drifted["tags"])
    assert drifted["state"]["message"].startswith("retrained, champion kept: ")
    shown = artifacts(stack, drifted)
    assert "comparison-loan-applications" in shown
    assert "annual\\_income" in shown["verdict-loan-applications"]["data"]
    (row,) = stack.rows(
        "select alert_id, state, attempts, may_repeat, payload from loanwatch.alert where title like '%2024-08-01%'"
    )
    assert (row.state, row.attempts, row.may_repeat) == ("delivered", 1, False)
    told = [seen for seen in stack.slack.seen if "loan_applications 2024-08-01" in str(seen)]
    assert [{name: message[name] for name in ("text", "blocks")} for message in told] == [row.payload]
    (message,) = told
    check_blocks(message)
    said = str(message)
    assert "2024-08-01 to 2024-08-31: kept" in said
    assert "annual_income" in said
    assert f"/runs/flow-run/{drifted['id']}|Run>" in said
    assert "report.html" in said
    assert f"alert {row.alert_id}" in said
    assert "Model before" in said


def test_the_ledger_and_the_events_say_the_same(stack: Stack, drifted: dict[str, Any]) -> None:
    ledger = stack.rows("select from_version, to_version, effective_from from loanwatch.promotion order by entry")
    promoted = wait_until(lambda: stack.events("loanwatch.model.promoted"), 120, "the event of a promotion")
    assert [(e["payload"]["from_version"], e["payload"]["to_version"]) for e in promoted] == [
        (row.from_version, row.to_version) for row in ledger
    ]
    (drift,) = wait_until(lambda: stack.events("loanwatch.drift.detected"), 120, "the event of drift")
    assert "data" in drift["payload"]["questions"]
    assert "annual_income" in [finding["subject"] for finding in drift["payload"]["findings"]]
    assert drift["resource"]["prefect.resource.id"] == "loanwatch.contract.loan_applications"
    assert f"prefect.flow-run.{drifted['id']}" in [related["prefect.resource.id"] for related in drift["related"]]


def test_a_promotion_starts_score(stack: Stack, stable: dict[str, Any]) -> None:
    run = wait_until(lambda: find_automated(stack), 240, "the automation")[0]
    ended = stack.finish(run["id"])
    assert ended["state"]["type"] == "COMPLETED", ended["state"]["message"]
    assert stack.rows("select count(*) from loanwatch.prediction")[0][0] > 0
    asked = {"trailing_days": 7, "contract": "loan_applications", "database": "loans-postgres", "policy": None}
    assert ended["parameters"] == asked, "the table that was promoted in, and the deployment's own days"
    assert ", by automation: " in ended["name"]
    assert "outcome:scored" in ended["tags"]


def test_a_promotion_in_another_table_is_scored_there_by_its_own_cut_off(stack: Stack, stable: dict[str, Any]) -> None:
    """The event as a run over another contract and block sends it; the run that it starts has all of it."""
    policy = {"cut_off": {"approval_rate": 0.4}}
    scoring = {"contract": "/etc/loanwatch/cards.toml", "database": "cards-postgres", "policy": policy}
    told = datetime.now(UTC).isoformat()
    event = {
        "id": str(uuid4()), "occurred": told, "event": "loanwatch.model.promoted",
        "resource": {"prefect.resource.id": "loanwatch.contract.cards"},
        "payload": {"contract": "cards", "scoring": scoring},
    }  # fmt: skip
    stack.call("POST", "/events", [event])
    mine = lambda: [run for run in find_automated(stack) if run["parameters"].get("database") == "cards-postgres"]  # noqa: E731
    (run,) = wait_until(mine, 240, "the automation")
    assert run["parameters"] == {"trailing_days": 7, **scoring}
    stack.finish(run["id"])


def test_a_failed_run_tells_itself(stack: Stack, stable: dict[str, Any]) -> None:
    """By its window, although it failed before it had opened the table."""
    gone = {"results": "/proc/nowhere"}
    ended = stack.finish(stack.launch("monitor/monitor", start="2024-08-01", end="2024-08-31", **gone))
    assert ended["state"]["type"] == "FAILED"
    told = wait_until(lambda: [m for m in stack.slack.seen if "monitor failed" in str(m)], 120, "the failure's message")
    assert len(told) == 1
    check_blocks(told[0])
    assert "monitor failed: loan_applications 2024-08-01 to 2024-08-31" in str(told[0])
    assert "/proc/nowhere" in str(told[0])
    assert f"alert {ended['id']}/failed" in str(told[0])


def test_a_bad_form_is_refused_or_ends_with_a_sentence_and_tells_nobody(stack: Stack, stable: dict[str, Any]) -> None:
    before = len(stack.slack.seen)
    for form, said in (
        ({"start": "31.08.2024"}, "'31.08.2024' does not match"),
        ({"trailing_day": 7}, "'trailing_day' was unexpected"),
        ({"policy": {"drift": {"label_limit": 7}}}, "7 is greater than the maximum"),
    ):
        with pytest.raises(httpx.HTTPStatusError) as refused:
            stack.launch("monitor/monitor", **form)
        assert said in refused.value.response.json()["detail"]
    ended = [
        stack.finish(stack.launch("monitor/monitor", **form))["state"]
        for form in ({"start": "2024-08-31", "end": "2024-08-01"}, {"contract": "no_such"})
    ]
    assert [state["type"] for state in ended] == ["FAILED", "FAILED"]
    assert "Swap the two dates" in ended[0]["message"]
    assert "There is no contract 'no_such'" in ended[1]["message"]
    assert len(stack.slack.seen) == before


def test_slack_in_trouble_never_fails_a_run(stack: Stack, drifted: dict[str, Any]) -> None:
    before = len(stack.slack.seen)
    stack.slack.script = [(500, "boom", {})] * 3
    july = {"start": "2025-03-01", "end": "2025-03-31", "policy": POLICY}
    ended = stack.finish(stack.launch("monitor/monitor", **july))
    assert (ended["state"]["type"], "outcome:quality_failed" in ended["tags"]) == ("COMPLETED", True)
    assert len(stack.slack.seen) == before + 3
    assert [row.state for row in stack.rows("select state from loanwatch.alert order by created_at")][-1] == "pending"
    assert wait_until(lambda: stack.events("loanwatch.quality.failed"), 120, "the event of unfit data")
    stack.slack.script = []
    again = stack.finish(stack.launch("monitor/monitor", **july))
    assert "outcome:quality_failed" in again["tags"]
    told = stack.slack.seen[before + 3 :]
    assert len(told) == 2, "the held message goes, and what could not be judged is told each time"
    assert "may repeat" not in str(told), "Slack answered every time"
    assert not stack.rows("select 1 from loanwatch.alert where state = 'pending'")


def test_slack_test_says_what_is_wrong(stack: Stack) -> None:
    sent = stack.finish(stack.launch("slack-test/slack-test"))
    assert (sent["state"]["type"], sent["name"]) == ("COMPLETED", "slack-test, by hand: delivered")
    stack.slack.script = [(404, "channel_not_found", {})]
    refused = stack.finish(stack.launch("slack-test/slack-test"))
    assert refused["state"]["type"] == "FAILED"
    assert "no such channel" in refused["state"]["message"]


def test_workers_of_a_pool_share_the_windows_of_a_backfill(stack: Stack, stable: dict[str, Any]) -> None:
    """One of the runs is killed: its window is run again, and the others are not."""
    stack.start_worker("second")
    (stack.clone / "quick.toml").write_text("[train]\nforest_trees = 20\nboosting_rounds = 20\n", encoding="utf-8")
    days = ("--start", "2024-09-01", "--end", "2024-11-30", "--champion", "1")
    asked = ("flows.backfill", *days, "--work-pool", "loanwatch", "--policy", "quick.toml")
    first = stack.start("backfill", *asked)
    killed = wait_until(lambda: stack.find_runs("monitor/window"), 240, "the first window's run")[0]["id"]
    os.kill(stack.find_process(killed), signal.SIGKILL)
    assert first.wait(900) == 0, (stack.logs / "backfill.log").read_text(encoding="utf-8")
    done = stack.run(*asked)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "outcome: 3 windows" in done.stdout
    runs = stack.find_runs("monitor/window")
    ends = sorted(run["state"]["type"] for run in runs)
    assert ends == ["COMPLETED"] * 3 + ["CRASHED"], "the second command had nothing to do"
    ended = {run["parameters"]["start"] for run in runs if run["id"] != killed}
    assert ended == {"2024-09-01", "2024-10-01", "2024-11-01"}
    assert all(f"{start} to " in done.stdout for start in ended)
    assert count_at_once(runs) == 2, "as many windows as workers were under way"
    written = [json.loads(file.read_text()) for file in (stack.clone / "results").glob("*/summary.json")]
    repeated = [summary for summary in written if "--champion 1 --no-promote" in summary["command"]]
    assert {summary["window"]["start"] for summary in repeated} == ended, "each can be repeated as it was asked for"
    attempts = stack.rows("select state, attempts from loanwatch.backfill_window order by attempts")
    assert [tuple(row) for row in attempts] == [("finished", 1), ("finished", 1), ("finished", 2)]
    wait_until(lambda: find_crash_notices(stack, killed), 120, "the automation's message")
    assert all(", backfill of 2024-09-01 to 2024-11-30" in run["name"] for run in runs)
    (tag,) = {tag for run in runs for tag in run["tags"] if tag.startswith("backfill ")}
    assert not [seen for seen in stack.slack.seen if "2024-10-01 to 2024-10-31: " in str(seen) and "New" in str(seen)]
    flow = {"flows": {"name": {"any_": ["backfill"]}}}
    parents = stack.call("POST", "/flow_runs/filter", flow)
    assert all({"loanwatch", "command-line", "alarm", "outcome:done"} <= set(run["tags"]) for run in parents)
    said = "3 windows: 1 stable, 2 retrained, champion kept. Alarms: "
    assert all(said in run["state"]["message"] for run in parents)
    shown = artifacts(stack, parents[0])[f"windows-{tag.split('(')[1].rstrip(')')}"]["data"]
    for run in (run for run in runs if run["id"] != killed):
        assert f"/runs/flow-run/{run['id']}" in shown
    assert shown.count("report.html") == 3
    os.killpg(stack.processes.pop("second").pid, signal.SIGKILL)


def test_a_killed_run_is_told_by_the_automation(stack: Stack, stable: dict[str, Any]) -> None:
    run = stack.launch("monitor/monitor", start="2024-11-01", end="2024-11-30")
    process = stack.find_process(run)
    os.kill(process, signal.SIGKILL)
    assert stack.finish(run)["state"]["type"] == "CRASHED"
    assert len(wait_until(lambda: find_crash_notices(stack, run), 120, "the automation's message")) == 1


def test_a_lost_run_is_found_by_its_heartbeat(stack: Stack, stable: dict[str, Any]) -> None:
    run = stack.launch("monitor/monitor", start="2024-11-01", end="2024-11-30")
    process = stack.find_process(run)
    wait_until(lambda: [e for e in stack.events("prefect.flow-run.heartbeat") if run in str(e)], 240, "a heartbeat")
    os.killpg(stack.processes["worker"].pid, signal.SIGKILL)  # the worker cannot tell: it is gone, too
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
    lost = stack.finish(run, timeout=400)
    assert (lost["state"]["type"], lost["state"]["message"]) == ("CRASHED", "Lost: no heartbeat.")
    assert len(wait_until(lambda: find_crash_notices(stack, run), 120, "the automation's message")) == 1
    tagged = {"flow_runs": {"tags": {"any_": ["outcome:stable", "outcome:kept", "outcome:quality_failed"]}}}
    ended = stack.call("POST", "/flow_runs/filter", tagged)
    assert ended
    assert all(run["state"]["name"] == "Completed" for run in ended), "a run that ended is not taken for lost"
    assert "was killed" not in str(stack.slack.seen), "what the server has told, the next run does not tell again"


def test_a_run_lost_with_its_machine_is_found_without_a_set_up_and_the_next_one_starts(
    stack: Stack, stable: dict[str, Any]
) -> None:
    """Worker, run and server end together, and are back once the server has forgotten for what it waited."""
    stack.start_worker("worker")  # the last one was killed
    lost = stack.launch("monitor/monitor", start="2024-12-01", end="2024-12-31")
    process = stack.find_process(lost)
    for name in [name for name in stack.processes if name in ("worker", "server")]:
        os.killpg(stack.processes.pop(name).pid, signal.SIGKILL)
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
    time.sleep(AWAY)
    stack.start_server()
    time.sleep(FOREMAN)
    stack.start_worker("worker")
    waiting = stack.launch("monitor/monitor", start="2024-11-01", end="2024-11-30", policy=POLICY)
    assert stack.finish(lost, timeout=400)["state"]["message"] == "Lost: no heartbeat."
    assert len(wait_until(lambda: find_crash_notices(stack, lost), 120, "the automation's message")) == 1
    assert stack.finish(waiting)["state"]["type"] == "COMPLETED", "it had the slot"


def test_a_late_run_is_told_and_runs_once_a_worker_is_there(stack: Stack) -> None:
    with suppress(ProcessLookupError):
        os.killpg(stack.processes["worker"].pid, signal.SIGKILL)
    run = stack.launch("slack-test/slack-test")
    told = wait_until(lambda: [m for m in stack.slack.seen if "is late" in str(m)], 300, "the automation's message")
    assert len(told) == 1
    assert f"/runs/flow-run/{run}" in str(told[0])
    stack.start_worker("worker")
    assert stack.finish(run)["state"]["type"] == "COMPLETED"


def test_a_model_trained_by_hand_and_a_rollback_start_score_too(stack: Stack, stable: dict[str, Any]) -> None:
    started = len(find_automated(stack))
    days = {"start": "2024-02-01", "end": "2024-07-31"}
    ended = stack.finish(stack.launch("train/train", replace=True, policy=POLICY, **days))
    assert (ended["state"]["type"], "outcome:replaced" in ended["tags"]) == ("COMPLETED", True), ended["state"][
        "message"
    ]
    assert ended["name"].startswith("loan_applications 2024-02-01 to 2024-07-31, by hand: version ")
    wait_until(lambda: len(find_automated(stack)) == started + 1, 240, "the automation")
    done = stack.run("flows.rollback", "--why", "the committee asked for it")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the committee asked for it" in str(stack.slack.seen), "a rollback is told in Slack"
    assert "is in production in place of version" in str(stack.slack.seen)
    wait_until(lambda: len(find_automated(stack)) == started + 2, 240, "the automation after a rollback")
    # Another lender's promotion was made up by a test, and so was its database.
    for run in (run for run in find_automated(stack) if run["parameters"].get("database") != "cards-postgres"):
        assert stack.finish(run["id"])["state"]["type"] == "COMPLETED"


def test_no_secret_anywhere(stack: Stack, drifted: dict[str, Any]) -> None:
    everything = dump_everything(stack)
    assert "loan_applications" in everything, "there is something to search in"
    webhook = PATH.rsplit("/", 1)[-1]
    for secret in (PASSWORD, PASSWORD.replace("@", "%40"), webhook, stack.auth[1]):
        assert secret not in everything
    for file in (path for path in stack.clone.rglob("*") if path.is_file() and "tests" not in path.parts):
        assert PASSWORD.encode() not in file.read_bytes(), file
        assert stack.auth[1].encode() not in file.read_bytes(), file
    assert not (ROOT / ".secrets").exists() or ".secrets" in (ROOT / ".gitignore").read_text(encoding="utf-8")
