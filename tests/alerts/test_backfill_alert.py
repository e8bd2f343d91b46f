"""What a backfill tells: one message for all of its windows, and none by the windows themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text

from tasks.alerts.backfill import compose_backfill, is_worth_sending, send_backfill_alert
from tasks.alerts.failure import send_failure_alert
from tasks.backfill.found import Found, read_found
from tasks.backfill.queue import Replay, UnfinishedError
from tasks.core.findings import Finding, Outcome, Question, Verdict
from tasks.core.policy import AlertPolicy
from tasks.core.run_tags import tag_backfill
from tasks.core.windows import month_of
from tasks.job.findings import save_findings
from tasks.run.dead_runs import close_dead_runs
from tasks.schema.migrate import prepare_schema
from tests.reports.test_evidence_pack import make_job
from tests.support.slack_stand_in import check_blocks

DONE = Replay("b", month_of("2024-01"), {}, "finished", attempts=1, outcome="stable")
ENDS = [
    DONE,
    replace(DONE, window=month_of("2024-02"), outcome="kept"),
    replace(DONE, window=month_of("2024-03"), outcome="quality_failed"),
    replace(DONE, window=month_of("2024-04"), outcome="kept", attempts=2),
]
FAILED = replace(DONE, window=month_of("2024-05"), state="failed", outcome="", message="No room <left>.")


def test_one_message_counts_the_outcomes_and_names_the_windows_the_gravest_first():
    message = compose_backfill("loans", ENDS, shown=1)
    assert message.title == "loans 2024-01-01 to 2024-04-30: a backfill has ended"
    assert message.lead == "4 windows: 1 quality failed, 2 kept, 1 stable."
    assert message.lists == {
        "Quality failed": ["2024-03-01 to 2024-03-31"],
        "Kept": ["2024-02-01 to 2024-02-29", "and 1 more"],
    }
    assert message.severity == "critical"
    assert compose_backfill("loans", ENDS[:2], shown=5).severity == "warning"


def test_the_message_says_what_drifted_in_each_window_and_links_the_gravest_in_the_history(monkeypatch):
    monkeypatch.setenv("LOANWATCH_REPORTS_URL", "https://reports.example")
    found = {
        date(2024, 2, 1): Found("run-of-february", "data drift (income), label drift"),
        date(2024, 3, 1): Found("run-of-march", "data quality"),
    }
    limited = [replace(replay, parameters={"policy": {"drift": {"label_limit": 0.05}}}) for replay in ENDS]
    message = compose_backfill("loans", limited, 5, found)
    assert message.lists["Kept"][0] == "2024-02-01 to 2024-02-29: data drift (income), label drift"
    assert message.lists["Quality failed"] == ["2024-03-01 to 2024-03-31: data quality"]
    assert message.links["History"] == "https://reports.example/index.html#run-run-of-march"
    assert message.facts["Changed limits"] == "drift.label_limit 0.05 (default 0.03)"


def test_what_drifted_is_read_from_the_runs_of_the_backfill(engine, tmp_path):
    prepare_schema(engine)
    moved = Finding(Question.DATA, "distribution", Verdict.FAIL, "It moved.", "income")
    quiet = Finding(Question.DATA, "distribution", Verdict.PASS, "Quiet.", "debt")
    for number, (month, findings) in enumerate({"2024-01": [quiet], "2024-02": [quiet, moved]}.items()):
        job = make_job(tmp_path, job_id=f"job-{number}", window=month_of(month), backfill="b")
        save_findings.fn(job, findings, Outcome.KEPT, "Because.", None, is_replay=True)
    assert read_found(engine, "b") == {
        date(2024, 1, 1): Found("job-0"),
        date(2024, 2, 1): Found("job-1", "data drift (income)"),
    }


def test_what_was_not_monitored_is_told_with_the_reason():
    message = compose_backfill("loans", [DONE, FAILED, replace(FAILED, state="pending", message="")], shown=5)
    assert message.lists == {"Not monitored": ["2024-05-01 to 2024-05-31: No room <left>.", "2024-05-01 to 2024-05-31"]}
    assert message.severity == "critical"


@pytest.mark.parametrize(
    ("replays", "when_stable", "told"), [([DONE], False, False), ([DONE], True, True), (ENDS, False, True)]
)
def test_quiet_windows_are_told_only_where_the_policy_asks(replays: list[Replay], when_stable: bool, told: bool):
    assert is_worth_sending(replays, AlertPolicy(when_stable=when_stable)) is told


def test_the_same_request_tells_again_only_where_something_was_done_again(engine, monkeypatch):
    prepare_schema(engine)
    monkeypatch.setattr("tasks.alerts.deliver.find_sender", lambda: None)
    for replays in (ENDS, ENDS, [*ENDS[:3], replace(ENDS[3], attempts=3)]):
        assert "kept in the outbox" in send_backfill_alert(engine, "loans", replays, AlertPolicy())
    with engine.connect() as connection:
        rows = connection.execute(text("select alert_id, payload from loanwatch.alert order by created_at")).all()
    assert [row.alert_id for row in rows] == ["backfill/b/5", "backfill/b/6"]
    check_blocks(rows[0].payload)


def test_a_backfill_whose_outbox_is_out_of_reach_has_ended_all_the_same(engine):
    assert send_backfill_alert(engine, "loans", ENDS, AlertPolicy()).startswith("not sent"), "there is no schema yet"


def test_a_window_that_dies_or_fails_tells_nothing_by_itself(engine, database):
    prepare_schema(engine)
    entry = (
        "insert into loanwatch.mljob (contract, job_id, job_type, job_date, stage, status)"
        " values ('loans', :job, :kind, :day, 'train', 'started')"
    )
    with engine.begin() as connection:
        for kind in ("monitor", "backfill"):
            connection.execute(text(entry), {"job": f"of-{kind}", "kind": kind, "day": date(2024, 1, 1)})
    assert close_dead_runs(engine) == 2
    url = database.render_as_string(hide_password=False)
    run: Any = SimpleNamespace(
        parameters={"database": url}, name="may", id="1", tags=[tag_backfill("b", "2024-01-01 to 2024-05-31")]
    )
    send_failure_alert(SimpleNamespace(name="monitor"), run, SimpleNamespace())
    whole: Any = SimpleNamespace(parameters={"database": url}, name="all", id="2", tags=[])
    ended = SimpleNamespace(result=lambda raise_on_failure: UnfinishedError("1 of 2 windows"))
    send_failure_alert(SimpleNamespace(name="backfill"), whole, ended)
    with engine.connect() as connection:
        told = connection.execute(text("select alert_id from loanwatch.alert")).scalars().all()
    assert told == ["of-monitor/abandoned"]
