"""What a run's message says, and when it is sent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tasks.alerts.block_kit import Message
from tasks.alerts.deliver import deliver_waiting, make_entry
from tasks.alerts.outbox import add_alert
from tasks.alerts.outcome import AlertResult, compose_outcome, is_worth_sending
from tasks.alerts.repeats import FindingChanges
from tasks.alerts.slack import Answer, DeliveryStatus
from tasks.core.findings import Outcome, Verdict
from tasks.core.policy import AlertPolicy
from tasks.job.run_result import RunResult
from tasks.schema.migrate import prepare_schema
from tests.support.kept_run import MOVED, UNFIT, make_run
from tests.support.slack_stand_in import check_blocks

NOTHING = FindingChanges((), (), (), ())


@pytest.fixture
def run(tmp_path: Path) -> RunResult:
    return make_run(tmp_path)


def test_message_has_numbers_models_and_links(run: RunResult, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOANWATCH_REPORTS_URL", "https://reports.example/")
    known = (
        replace(MOVED, subject="purpose"),
        replace(MOVED, subject="term"),
        replace(MOVED, check="never_seen", subject="term"),
    )
    message = compose_outcome(run, FindingChanges((MOVED,), (), known, ("label/rate/",)), shown=5)
    entry = make_entry("loan_applications", run.job_id, message, ("data/distribution/annual_income",))
    check_blocks(entry.payload)
    said = str(entry.payload)
    assert entry.severity == "warning"
    assert "loan_applications 2024-08-01 to 2024-08-31: kept" in said
    assert "12 % of applicants &lt;crossed&gt; a line" in said
    assert "2 earlier findings persist" in said
    assert "*Recovered*\\n• label drift: rate" in said
    assert "version 3 (random forest)" in said
    assert "<https://reports.example/20240901T060000-3f9a1c/report.html|Report>" in said


def test_a_hundred_findings_still_fit(run: RunResult) -> None:
    long = [replace(MOVED, subject=f"c{number}", sentence=f"{number}" + "x" * 5000) for number in range(200)]
    changes = FindingChanges(tuple(long[:100]), tuple(long[100:]), (), ("data/a/b",) * 100)
    message = compose_outcome(run, changes, shown=5)
    payload = make_entry("c", "j", message).payload
    check_blocks(payload)
    assert message.lists["New"][-1] == "and 95 more in the report: c5, c6, c7, c8, c9, c10 and 89 more"


NEW_WORDS = replace(MOVED, check="never_seen", sentence='4.5 % have a new word: "<b>gig</b>" (12).')
JOINT = replace(MOVED, check="joint_shape", subject="", columns=("annual_income",), sentence="All columns: an AUC.")


def test_findings_of_one_cause_are_one_line(run: RunResult) -> None:
    message = compose_outcome(run, FindingChanges((NEW_WORDS, MOVED, JOINT), (), (), ()), shown=5)
    assert message.lists["New"] == [f"{NEW_WORDS.sentence} Of the same cause: distribution and joint distribution."]
    assert "&lt;b&gt;gig&lt;/b&gt;" in str(make_entry("c", "j", message).payload)


def test_the_column_is_told_first_where_only_all_columns_together_are_alarmed(run: RunResult) -> None:
    noted = replace(MOVED, verdict=Verdict.WARN, sentence="above 25,000 for 7.0 %, 1.1 % before.")
    message = compose_outcome(replace(run, findings=(noted, JOINT)), FindingChanges((JOINT,), (), (), ()), shown=5)
    assert message.lists["New"] == ["above 25,000 for 7.0 %, 1.1 % before. All columns: an AUC."]


def test_a_cause_that_is_known_in_part_is_told_once_with_what_is_new(run: RunResult) -> None:
    message = compose_outcome(run, FindingChanges((NEW_WORDS,), (JOINT,), (MOVED,), ()), shown=5)
    assert message.lists["New"] == [f"{NEW_WORDS.sentence} Of the same cause: distribution and joint distribution."]
    assert message.lists["Still"] == []
    assert "persist" not in message.lead


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


@pytest.mark.parametrize(
    ("severity", "waiting", "has_slack", "said"),
    [
        (None, 0, False, "nothing to report"),
        (None, 0, True, "nothing to report"),
        (None, 2, False, "nothing to report; 2 kept in the outbox: no Slack block is registered"),
        (None, 2, True, "nothing to report; 2 sent"),
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
