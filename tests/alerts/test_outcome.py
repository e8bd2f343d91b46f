"""What a run's message says, when it is sent, and what the Prefect UI and automations get."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from httpx import ConnectError
from sqlalchemy import Engine

from tasks.alerts.block_kit import Message
from tasks.alerts.deliver import deliver_waiting, make_entry
from tasks.alerts.failure import compose_failure, explain_state, read_policy
from tasks.alerts.outbox import add_alert
from tasks.alerts.outcome import AlertResult, compose_outcome, is_worth_sending
from tasks.alerts.repeats import FindingChanges
from tasks.alerts.slack import Answer, DeliveryStatus
from tasks.core.findings import Finding, Outcome, Question, Verdict
from tasks.core.policy import AlertPolicy
from tasks.core.windows import PlanError, Window
from tasks.job.run_result import RunResult
from tasks.prefect_ui.event_names import DRIFT, PROMOTED, QUALITY
from tasks.prefect_ui.events import compose_events
from tasks.prefect_ui.publish import StageEcho, explain_start, slug
from tasks.prefect_ui.verdict_artifact import (
    escape,
    measure_ratio,
    render_verdict,
    tabulate_comparison,
    tabulate_findings,
)
from tasks.schema.migrate import prepare_schema
from tests.support.slack_stand_in import check_blocks

MOVED = Finding(
    Question.DATA, "distribution", Verdict.FAIL, "annual_income moved: 12 % of applicants <crossed> a line.",
    subject="annual_income", effect=0.12, unit="share of applicants", limit=0.06, p_value=0.0001, level=0.008,
)  # fmt: skip
UNFIT = replace(MOVED, question=Question.QUALITY, check="rows", subject="")
NOTHING = FindingChanges((), (), (), ())


@pytest.fixture
def run(tmp_path: Path) -> RunResult:
    return RunResult(
        "20240901T060000-3f9a1c", "loan_applications", Window(date(2024, 8, 1), date(2024, 8, 31)),
        tmp_path / "20240901T060000-3f9a1c", Outcome.KEPT, "Kept.", (MOVED,), champion=3,
        champion_kind="random_forest", champion_after=3,
    )  # fmt: skip


def summary(run: RunResult) -> dict[str, Any]:
    return {
        "outcome": str(run.outcome), "reason": run.reason, "contract": {"name": "loan_applications"},
        "window": {"start": "2024-08-01", "end": "2024-08-31"}, "results": str(run.results),
        "verdicts": dict.fromkeys([str(question) for question in Question], "pass") | {"data": "fail"},
        "findings": [finding.as_record() for finding in run.findings], "comparison": None,
        "champion": {"version": 3, "kind": "random_forest"}, "champion_after": 4,
    }  # fmt: skip


def test_message_has_numbers_models_and_links(run: RunResult, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOANWATCH_REPORTS_URL", "https://reports.example/")
    message = compose_outcome(run, FindingChanges((MOVED,), (), (MOVED, MOVED), ("label/rate/",)), shown=5)
    entry = make_entry("loan_applications", run.job_id, message, ("data/distribution/annual_income",))
    check_blocks(entry.payload)
    said = str(entry.payload)
    assert entry.severity == "warning"
    assert "loan_applications 2024-08-01 to 2024-08-31: kept" in said
    assert "12 % of applicants &lt;crossed&gt; a line" in said
    assert "2 known findings last" in said
    assert "*Recovered*\\n• label drift: rate" in said
    assert "version 3 (random forest)" in said
    assert "<https://reports.example/20240901T060000-3f9a1c/report.html|Report>" in said


def test_a_hundred_findings_still_fit(run: RunResult) -> None:
    long = replace(MOVED, sentence="x" * 5000)
    message = compose_outcome(run, FindingChanges((long,) * 100, (long,) * 100, (), ("data/a/b",) * 100), shown=5)
    payload = make_entry("c", "j", message).payload
    check_blocks(payload)
    assert any("and 95 more in the report" in line for line in message.lists["New"])


@pytest.mark.parametrize(
    ("outcome", "news", "when_stable", "told"),
    [
        (Outcome.STABLE, NOTHING, False, False),
        (Outcome.STABLE, NOTHING, True, True),
        (Outcome.KEPT, FindingChanges((MOVED,), (), (), ()), False, True),
        (Outcome.KEPT, FindingChanges((), (MOVED,), (), ()), False, True),
        (Outcome.KEPT, FindingChanges((), (), (MOVED,), ()), False, False),  # told not long ago
        (Outcome.STABLE, FindingChanges((), (), (), ("data/a/b",)), False, True),  # it is over
        (Outcome.PROMOTED, FindingChanges((), (), (MOVED,), ()), False, True),
        (Outcome.QUALITY_FAILED, FindingChanges((UNFIT,), (), (), ()), False, True),
    ],
)
def test_what_is_told(outcome: Outcome, news: FindingChanges, when_stable: bool, told: bool) -> None:
    assert is_worth_sending(outcome, news, AlertPolicy(when_stable=when_stable)) is told


def test_events_carry_what_automations_need(run: RunResult) -> None:
    (drift,) = compose_events(run)
    assert drift.name == DRIFT
    assert drift.payload["questions"] == ["data"]
    assert drift.payload["findings"][0]["effect"] == 0.12
    promoted = compose_events(replace(run, outcome=Outcome.PROMOTED, champion_after=4))[-1]
    assert (promoted.name, promoted.payload["from_version"], promoted.payload["to_version"]) == (PROMOTED, 3, 4)
    (first,) = compose_events(replace(run, is_first_champion=True, champion_after=4, findings=()))
    assert first.payload["from_version"] is None
    unfit = replace(run, outcome=Outcome.QUALITY_FAILED, findings=(UNFIT,))
    assert [event.name for event in compose_events(unfit)] == [QUALITY]


@pytest.mark.parametrize(
    ("severity", "waiting", "has_slack", "said"),
    [
        (None, 0, False, "nothing to tell"),
        (None, 0, True, "nothing to tell"),
        (None, 2, False, "nothing to tell; 2 kept in the outbox: no Slack block is registered"),
        (None, 2, True, "nothing to tell; 2 sent"),
        ("warning", 1, False, "warning; 1 kept in the outbox: no Slack block is registered"),
        ("warning", 1, True, "warning; 1 sent"),
    ],
)
def test_the_journal_says_one_true_thing(
    severity: str | None, waiting: int, has_slack: bool, said: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare_schema(engine)
    for number in range(waiting):
        message = Message(severity or "warning", "title", "lead", {}, {}, {}, f"alert/{number}")
        add_alert(engine, make_entry("c", "j", message))
    sender = (lambda payload, timeout: Answer(DeliveryStatus.DELIVERED)) if has_slack else None
    monkeypatch.setattr("tasks.alerts.deliver.find_sender", lambda: sender)
    told = Message(severity, "title", "lead", {}, {}, {}, "alert/0") if severity else None
    assert str(AlertResult(told, deliver_waiting(engine, AlertPolicy()))) == said


def test_glance_shows_the_verdict_and_escapes_the_data(run: RunResult) -> None:
    page = render_verdict(summary(run), "http://ui/run/1")
    assert "| data | ✗\xa0alarm | annual\\_income moved: 12 % of applicants \\<crossed\\> a line. |" in page
    assert "| data | annual\\_income | 12.0 points | 6.0 points | 0.0001 |" in page
    assert "In production now: version 4" in page
    assert "(data:image/png;base64," in page
    assert len(page) < 60_000
    assert escape("a|b\n<script>") == "a\\|b \\<script\\>"


def test_tables_are_plain_values(run: RunResult) -> None:
    (row,) = tabulate_findings(summary(run))
    assert (row["subject"], row["effect"]) == ("annual_income", 0.12)
    side = dict.fromkeys(("auc", "accuracy", "precision", "recall", "f1", "brier"), 0.9) | {"rows": 500}
    record = {"champion": side, "challenger": side, "difference": 0.0123456, "interval": None}
    table = tabulate_comparison({"comparison": record})
    assert table[-2]["challenger"] == 0.01235
    assert tabulate_comparison(summary(run)) == []


def test_ratio() -> None:
    assert measure_ratio([MOVED.as_record()], "data") == pytest.approx(2)
    assert measure_ratio([MOVED.as_record()], "label") == 0


@pytest.mark.parametrize(
    ("flow_run", "why"),
    [
        ({"auto_scheduled": True}, "scheduled"),
        ({"created_by": SimpleNamespace(type="AUTOMATION")}, "by automation"),
        ({"parent_task_run_id": "x"}, "part of another run"),
        ({}, "by hand"),
    ],
)
def test_why_a_run_started(flow_run: dict[str, Any], why: str) -> None:
    known = {"auto_scheduled": False, "parent_task_run_id": None, "created_by": None}
    assert explain_start(SimpleNamespace(**{**known, **flow_run})) == why


def test_a_prefect_server_that_is_gone_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every try takes a minute; the journal's next lines are not to wait for it again."""
    asked: list[float] = []

    def fail(artifact_id: Any, progress: float) -> None:
        asked.append(progress)
        raise ConnectError("refused")

    run_id, echo_log = uuid4(), logging.getLogger("silent")
    monkeypatch.setattr("tasks.prefect_ui.publish.find_flow_run_id", lambda: run_id)
    monkeypatch.setattr("tasks.prefect_ui.publish.get_run_logger", lambda: echo_log)
    monkeypatch.setattr("tasks.prefect_ui.publish.update_progress_artifact", fail)
    echo = StageEcho(run_id, uuid4())
    for stage in ("extract", "quality", "drift"):
        line = logging.LogRecord("loanwatch", logging.INFO, "", 0, "done", (), None)
        line.stage, line.status = stage, "finished"
        echo.emit(line)
    assert (len(asked), echo.is_lost) == (1, True)


def test_slug() -> None:
    assert slug("Loan_Applications (2)") == "loan-applications-2"


def test_a_failure_tells_our_message_and_no_other() -> None:
    def state(error: BaseException) -> Any:
        return SimpleNamespace(result=lambda raise_on_failure: error)

    assert explain_state(state(PlanError("Swap the two dates."))) == "Swap the two dates."
    strange = explain_state(state(ValueError("password=S3CRET")))
    assert "ValueError" in strange
    assert "S3CRET" not in strange
    message = compose_failure("monitor", "august", uuid4(), strange)
    check_blocks(make_entry("c", "j", message).payload)


def test_alert_limits_of_a_broken_policy_are_the_defaults() -> None:
    assert read_policy({"alerts": {"tries": 2}}).tries == 2
    assert read_policy({"no": 1}) == AlertPolicy()
