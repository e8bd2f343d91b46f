"""A run that could not do its work tells so, whichever flow it is, and does not say more of the models than is so."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, text

from blocks.errors import LoanwatchError
from flows.backfill import backfill
from flows.monitor import monitor
from flows.score import score
from flows.train import train
from tasks.alerts.deliver import make_entry
from tasks.alerts.failure import (
    compose_failure,
    describe_work,
    explain_models,
    explain_state,
    name_contract,
    read_policy,
    send_failure_alert,
)
from tasks.core.policy import AlertPolicy
from tasks.core.windows import PlanError
from tasks.schema.migrate import prepare_schema
from tests.support.second_lender import CONTRACT as SECOND_CONTRACT
from tests.support.slack_stand_in import check_blocks

DAYS = {"start": date(2030, 1, 1), "end": date(2030, 1, 31)}


def read_alerts(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(text("select contract, title, body, state from loanwatch.alert")))


@pytest.mark.parametrize("flow", [monitor, score, train, backfill], ids=lambda flow: flow.name)
def test_every_flow_that_works_for_the_lender_tells_its_failure(flow: Any) -> None:
    assert flow.on_failure_hooks == [send_failure_alert]


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
@pytest.mark.parametrize("flow", [score, train], ids=lambda flow: flow.name)
def test_the_message_names_the_flow_and_the_cause(flow: Any, engine: Engine, tmp_path: Any) -> None:
    prepare_schema(engine)
    places = {} if flow is score else {"results": str(tmp_path / "results"), "models": str(tmp_path / "models")}
    state = flow(**DAYS, **places, return_state=True)
    assert state.is_failed()
    (alert,) = read_alerts(engine)
    named = " 2030-01-01 to 2030-01-" if flow is not score else ""
    assert alert.title.startswith(f"{flow.name} failed: loan_applications{named}")
    assert str(state.result(raise_on_failure=False)) in alert.body
    assert "The deployed model is untouched." in alert.body
    assert (alert.contract, alert.state) == ("loan_applications", "pending")


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
@pytest.mark.parametrize(
    ("flow", "form", "said"),
    [
        (monitor, {"start": "31.08.2024", "end": "2024-08-31"}, "start: Input should be a valid date"),
        (monitor, {"start": "2024-08-31", "end": "2024-08-01"}, "Swap the two dates"),
        (monitor, {"start": "2024-08-31"}, "Give both `start` and `end`"),
        (monitor, {"contract": "no_such"}, "There is no contract 'no_such'"),
        (score, {"trailing_days": 0}, "trailing_days: Input should be greater than or equal to 1"),
        (train, {"policy": {"drift": {"label_limit": 7}}}, "policy › drift › label_limit: Input should be less than"),
        (backfill, {"start": "2024-01-01", "end": "2024-01-30"}, "is not made up of whole months"),
    ],
)
def test_a_bad_form_is_refused_with_a_sentence_and_tells_nobody(
    flow: Any, form: dict[str, Any], said: str, engine: Engine
) -> None:
    prepare_schema(engine)
    state = flow(**form, return_state=True)
    assert state.is_failed()
    assert said in str(state.message)
    assert "\n" not in str(state.message)
    assert read_alerts(engine) == []


def test_the_same_mistake_of_a_schedule_is_told(engine: Engine, database: Any) -> None:
    prepare_schema(engine)
    error = PlanError("The table holds no applications.")
    known = {"tags": [], "created_by": None, "parent_task_run_id": None, "start_time": None}
    run = SimpleNamespace(name="r", id=uuid4(), parameters={}, auto_scheduled=True, **known)
    send_failure_alert(SimpleNamespace(name="score"), run, SimpleNamespace(result=lambda raise_on_failure: error))
    assert [alert.title for alert in read_alerts(engine)] == ["score failed: loan_applications"]


def test_a_hook_that_cannot_tell_hides_nothing(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOANWATCH_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")
    state = SimpleNamespace(result=lambda raise_on_failure: ValueError("x"))
    run = SimpleNamespace(name="r", id="1", parameters={}, start_time=None, tags=[])
    send_failure_alert(SimpleNamespace(name="score"), run, state)


def test_what_is_said_of_the_models_is_so() -> None:
    began = datetime(2024, 9, 1, 6, tzinfo=UTC)
    rows: list[Any] = [
        SimpleNamespace(recorded_at=datetime(2024, 9, 1, hour, tzinfo=UTC), to_version=version)
        for hour, version in ((5, 1), (7, 2), (8, 3))
    ]
    assert explain_models(rows[:1], began) == "The deployed model is untouched."
    assert explain_models(rows, began) == "Put into production since it began: version 2, version 3."
    assert explain_models(rows, None) == "", "a run that never began"


def test_the_outbox_knows_the_contract_by_its_name() -> None:
    assert name_contract({}) == "loan_applications"
    assert name_contract({"contract": str(SECOND_CONTRACT)}) == "card_requests"
    assert name_contract({"contract": "no such contract"}) == "no such contract"


def test_a_failure_tells_our_message_and_no_other() -> None:
    def state(error: BaseException) -> Any:
        return SimpleNamespace(result=lambda raise_on_failure: error)

    assert explain_state(state(PlanError("Swap the two dates."))) == "Swap the two dates."
    strange = explain_state(state(ValueError("password=S3CRET")))
    assert "ValueError" in strange
    assert "S3CRET" not in strange
    message = compose_failure(("monitor", "loans 2024-08-01 to 2024-08-31"), "august", uuid4(), strange)
    assert message.title == "monitor failed: loans 2024-08-01 to 2024-08-31"
    assert message.facts["Prefect run"] == "august"
    check_blocks(make_entry("c", "j", message).payload)


@pytest.mark.parametrize(
    ("parameters", "window", "said"),
    [
        ({}, "", "loan_applications"),
        ({"trailing_days": 28}, "", "loan_applications the last 28 days"),
        ({"trailing_days": 28}, "2024-08-04 to 2024-08-31", "loan_applications 2024-08-04 to 2024-08-31"),
        ({**DAYS, "contract": "no such contract"}, "", "no such contract 2030-01-01 to 2030-01-31"),
    ],
)
def test_a_failure_names_the_contract_and_the_days_as_far_as_they_are_known(
    parameters: dict[str, Any], window: str, said: str
) -> None:
    assert describe_work(parameters, window) == said


def test_a_failure_without_days_among_its_parameters_finds_them_in_the_runs_start(engine: Engine) -> None:
    prepare_schema(engine)
    flow_run = uuid4()
    start = "insert into loanwatch.run_start (job_id, contract, window_start, window_end, flow_run)"
    with engine.begin() as connection:
        connection.execute(
            text(f"{start} values ('a', 'loan_applications', '2024-08-01', '2024-08-31', :run)"), {"run": str(flow_run)}
        )
    run = SimpleNamespace(name="brave-otter", id=flow_run, parameters={}, start_time=None, tags=[])
    send_failure_alert(SimpleNamespace(name="monitor"), run, SimpleNamespace(result=lambda **_: LoanwatchError("No.")))
    (alert,) = read_alerts(engine)
    assert alert.title == "monitor failed: loan_applications 2024-08-01 to 2024-08-31"


def test_alert_limits_of_a_broken_policy_are_the_defaults() -> None:
    assert read_policy({"alerts": {"tries": 2}}).tries == 2
    assert read_policy({"no": 1}) == AlertPolicy()
