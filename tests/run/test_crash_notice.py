"""A crash is told once: not by the next run where an automation of the Prefect server tells it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.states import Crashed, Failed
from sqlalchemy import text

from deployments.automations import crash_hung_runs, notify_of_crashed_runs
from deployments.lost_runs import TAG as ASKED_TAG
from tasks.run import crash_notice
from tasks.run.crash_notice import CRASHED, HUNG, TAG, is_told_by_server, tells_crashes
from tasks.run.dead_runs import close_dead_runs
from tasks.schema.migrate import prepare_schema

NOTIFIER = uuid4()
TOLD = [
    {"name": name, "enabled": True, "actions": [{"type": "send-notification"}]} for name in (CRASHED, HUNG, "other")
]


def test_the_names_are_those_of_the_automations():
    assert notify_of_crashed_runs(NOTIFIER).name == CRASHED
    assert crash_hung_runs(timedelta(90), NOTIFIER).name == HUNG
    assert TAG == ASKED_TAG


@pytest.mark.parametrize(
    ("automations", "tells"),
    [
        (TOLD, True),
        (TOLD[:1], False),
        ([{**TOLD[0], "enabled": False}, TOLD[1]], False),
        ([TOLD[0], {**TOLD[1], "actions": [{"type": "change-flow-run-state"}]}], False),
    ],
)
def test_only_automations_that_are_on_and_send_something_tell(automations: list[dict[str, Any]], tells: bool):
    assert tells_crashes(automations) is tells


@pytest.mark.usefixtures("prefect_server")
@pytest.mark.parametrize(
    ("tags", "state", "has_automations", "told"),
    [
        ([TAG], Crashed(), True, 0),
        ([TAG], Crashed(), False, 1),
        ([], Crashed(), True, 1),
        ([TAG], Failed(), True, 1),
    ],
)
def test_the_next_run_tells_of_a_dead_one_only_where_the_server_does_not(
    engine, monkeypatch, tags, state, has_automations, told
):
    monkeypatch.setattr(crash_notice, "find_server", lambda: "http://server/api")
    monkeypatch.setattr(crash_notice, "tells_crashes", lambda automations: has_automations)
    prepare_schema(engine)
    with get_client(sync_client=True) as client:
        run = client.create_flow_run(flow(lambda: None, name="monitor"), tags=tags, state=state)
    with engine.begin() as connection:
        connection.execute(text(
            "insert into loanwatch.mljob (contract, job_id, job_type, job_date, stage, status, message)"
            " values ('loans', 'a', 'monitor', '2024-08-01', 'train', 'started', '2024-08-01 to 2024-08-31')"
        ))  # fmt: skip
        connection.execute(text(
            "insert into loanwatch.run_start (job_id, contract, window_start, window_end, flow_run)"
            " values ('a', 'loans', '2024-08-01', '2024-08-31', :run)"
        ), {"run": str(run.id)})  # fmt: skip
    assert close_dead_runs(engine) == 1
    with engine.connect() as connection:
        assert connection.execute(text("select count(*) from loanwatch.alert")).scalar_one() == told


@pytest.mark.usefixtures("prefect_server")
def test_a_run_that_the_server_does_not_know_is_told(monkeypatch):
    assert not is_told_by_server("")
    monkeypatch.setattr(crash_notice, "find_server", lambda: "http://server/api")
    assert not is_told_by_server(str(uuid4()))
