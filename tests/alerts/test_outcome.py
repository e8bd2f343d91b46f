"""What a run's message says, and when it is sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tasks.alerts.block_kit import Message
from tasks.alerts.compose import compose_outcome
from tasks.alerts.deliver import deliver_waiting, make_entry
from tasks.alerts.outbox import add_alert
from tasks.alerts.outcome import AlertResult, is_worth_sending
from tasks.alerts.repeats import FindingChanges, fingerprint
from tasks.alerts.slack import Answer, DeliveryStatus
from tasks.core.changed_limits import list_changed_limits
from tasks.core.findings import Outcome, Question, Verdict
from tasks.core.policy import AlertPolicy
from tasks.job.run_result import RunResult
from tasks.registry.entries import Entry
from tasks.schema.migrate import prepare_schema
from tests.support.kept_run import MOVED, UNFIT, make_run
from tests.support.slack_stand_in import check_blocks

NOTHING = FindingChanges((), (), (), ())
OPEN = replace(MOVED, question=Question.LABEL, check="approval_rate", subject="", verdict=Verdict.NOT_ENOUGH_DATA)


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
    assert f"flows.settle --seen --run {run.job_id} --who NAME" in said
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
        (Outcome.QUALITY_FAILED, NOTHING, False, True),  # what could not be judged is told each time
        (Outcome.UNDECIDED, FindingChanges((), (), (OPEN,), ()), False, True),
        (Outcome.STABLE, replace(NOTHING, by_limit={"data/a/b": "a limit"}), False, True),
    ],
)
def test_what_is_told(run: RunResult, outcome: Outcome, news: FindingChanges, when_stable: bool, told: bool) -> None:
    assert is_worth_sending(replace(run, outcome=outcome), news, AlertPolicy(when_stable=when_stable)) is told


def place(before: int | None, after: int) -> Entry:
    day = date(2024, 9, 1)
    return Entry(1, "c", "j", datetime(2024, 9, 1, tzinfo=UTC), day, before, after, "It scores again.", "0", "0", "0")


def test_the_first_model_in_production_is_told(run: RunResult) -> None:
    first, placed = replace(run, outcome=Outcome.STABLE, findings=()), [place(None, 3)]
    assert is_worth_sending(first, NOTHING, AlertPolicy(), placed)
    message = compose_outcome(first, NOTHING, 5, placed)
    assert message.lead == "Kept. Version 3 is the first model in production."
    assert message.facts["Model before"] == "none"
    assert message.facts["Model after"] == "version 3 (random forest)"
    assert message.severity == "info"


def test_another_version_that_scores_now_is_told_and_a_promotion_is_not_told_twice(run: RunResult) -> None:
    quiet, placed = replace(run, outcome=Outcome.STABLE, findings=()), [place(2, 3)]
    message = compose_outcome(quiet, NOTHING, 5, placed)
    assert message.lead == "Kept. Version 3 is in production in place of version 2: It scores again."
    assert (message.facts["Model before"], message.facts["Model after"]) == ("version 2", "version 3 (random forest)")
    promoted = compose_outcome(replace(quiet, outcome=Outcome.PROMOTED), NOTHING, 5, placed)
    assert promoted.lead == "Kept."


def test_a_question_that_could_not_be_tested_is_told_beside_the_alarms(run: RunResult) -> None:
    partly = replace(run, findings=(MOVED, OPEN))
    quiet = FindingChanges((), (), (MOVED,), ())
    assert is_worth_sending(partly, quiet, AlertPolicy())
    message = compose_outcome(partly, quiet, shown=5)
    assert message.lead == "Kept. Label drift could not be tested. 1 earlier finding persists and is not repeated."


def test_an_undecided_month_is_told_again_in_brief(run: RunResult) -> None:
    undecided = replace(run, outcome=Outcome.UNDECIDED, reason="Label drift could not be tested.", findings=(OPEN,))
    message = compose_outcome(undecided, FindingChanges((), (), (OPEN,), ()), shown=5)
    assert message.lead == "Label drift could not be tested. 1 earlier finding persists and is not repeated."
    assert not any(message.lists.values())
    assert message.severity == "warning"


def test_the_message_names_limits_that_differ_and_what_a_changed_limit_has_done(run: RunResult) -> None:
    limits = tuple(list_changed_limits({"drift": {"label_limit": 0.05}}))
    said = "drift.label_limit is 0.05 now, 0.03 in the run before"
    changes = FindingChanges((MOVED,), (), (), (), by_limit={"label/approval_rate/": said, fingerprint(MOVED): said})
    message = compose_outcome(replace(run, changed_limits=limits), changes, shown=5)
    assert message.facts["Changed limits"] == "drift.label_limit 0.05 (default 0.03)"
    assert message.lists["No longer an alarm because a limit was changed"] == [
        f"label drift: share of the positive decision: {said}"
    ]
    assert message.lists["New because a limit was changed"] == [f"data drift: distribution of annual_income: {said}"]
    assert message.lists["Recovered"] == []


def test_the_message_links_the_run_in_the_history(run: RunResult, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOANWATCH_REPORTS_URL", "https://reports.example/")
    links = compose_outcome(run, NOTHING, shown=5).links
    assert links["History"] == "https://reports.example/index.html#run-20240901T060000-3f9a1c"


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
