"""Names and tags of runs: what was asked for, why it started, and how it ended; never more than Prefect can take."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun

from tasks.core.findings import Outcome, Verdict
from tasks.core.run_tags import read_backfill, read_outcome, tag_backfill, tag_outcome
from tasks.core.wording import name_outcome
from tasks.prefect_ui.run_names import describe_request, explain_start, is_by_hand, name_at_start, show_end


def make_flow_run(**known: Any) -> FlowRun:
    default = {"auto_scheduled": False, "parent_task_run_id": None, "created_by": None, "tags": []}
    return cast(FlowRun, SimpleNamespace(**{**default, **known}))


@pytest.mark.parametrize(
    ("flow_run", "why"),
    [
        ({"auto_scheduled": True}, "scheduled"),
        ({"created_by": SimpleNamespace(type="AUTOMATION")}, "by automation"),
        ({"parent_task_run_id": "x"}, "part of another run"),
        ({"tags": [tag_backfill("b", "2024-01-01 to 2024-03-31")]}, "backfill of 2024-01-01 to 2024-03-31"),
        ({}, "by hand"),
    ],
)
def test_why_a_run_started(flow_run: dict[str, Any], why: str) -> None:
    assert explain_start(make_flow_run(**flow_run)) == why
    assert is_by_hand(make_flow_run(**flow_run)) is (why == "by hand")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"contract": "loans", "start": "2024-08-01", "end": "2024-08-31"}, "loans 2024-08-01 to 2024-08-31"),
        ({"contract": "/etc/loanwatch/cards.toml", "trailing_days": 7}, "cards, last 7 days"),
        ({"contract": "loans", "start": None, "end": None}, "loans"),
        ({"text": "hello"}, ""),
    ],
)
def test_a_run_is_named_by_what_was_asked_for(given: dict[str, Any], said: str) -> None:
    assert describe_request(given) == said


def test_a_backfill_is_read_from_its_tag_only() -> None:
    assert read_backfill(["loanwatch", tag_backfill("3f9a", "2024-01-01 to 2024-12-31")]) == (
        "3f9a",
        "2024-01-01 to 2024-12-31",
    )
    assert read_backfill(["loanwatch", "backfill", "backfill of last year (mine)"]) is None


@pytest.mark.parametrize("outcome", list(Outcome))
def test_an_outcome_is_read_from_the_tag_and_without_it_from_the_message(outcome: Outcome) -> None:
    assert read_outcome(tag_outcome(outcome, has_alarm=True), "") == outcome
    assert read_outcome(["loanwatch"], f"{name_outcome(outcome)}: because.") == outcome
    assert read_outcome(["outcome:scored"], "447 applications scored") == ""


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
def test_prefect_has_the_name_from_the_start_and_the_outcome_at_the_end() -> None:
    seen: list[FlowRun] = []

    @flow(name="named", flow_run_name=name_at_start)
    def named(contract: str, start: str, end: str) -> None:
        from prefect.context import FlowRunContext

        context = FlowRunContext.get()
        assert context is not None
        assert context.flow_run is not None
        with get_client(sync_client=True) as client:
            seen.append(client.read_flow_run(context.flow_run.id))
            show_end("retrained, champion kept", tag_outcome("kept", has_alarm=True), Verdict.FAIL)
            seen.append(client.read_flow_run(context.flow_run.id))

    named("loans", "2024-08-01", "2024-08-31")
    first, last = seen
    assert first.name == "loans 2024-08-01 to 2024-08-31, by hand"
    assert last.name == "✗ loans 2024-08-01 to 2024-08-31, by hand: retrained, champion kept"
    assert {"outcome:kept", "alarm"} <= set(last.tags)


def test_outside_of_a_run_nothing_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.prefect_ui.run_names.get_client", lambda **_: pytest.fail("nobody is to be asked"))
    show_end("stable")


def test_a_server_that_refuses_the_name_fails_no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_flow_run(id=uuid4(), name="r")

    def refuse(**_: Any) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr("tasks.prefect_ui.run_names.get_client", refuse)
    context = SimpleNamespace(get=lambda: SimpleNamespace(flow_run=run))
    monkeypatch.setattr("tasks.prefect_ui.run_names.FlowRunContext", context)
    show_end("stable")
    assert run.name == "r"
