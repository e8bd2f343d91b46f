"""One cause is one item on the screen, on the page and in the Prefect UI, and its column is named first."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from flows.cli.console import show_verdict
from tasks.core.causes import read_causes
from tasks.core.findings import Finding, Question, Verdict, summarise
from tasks.prefect_ui.verdict_artifact import MOST_ALARMS, render_verdict
from tasks.reports.page.changes import make_cards
from tasks.reports.page.page import render_report
from tasks.reports.page.wording import write_headline
from tests.reports.test_page import make_evidence, make_summary
from tests.support.card_frames import HOSTILE, make_frame

NOTED = Finding(
    Question.DATA, "distribution", Verdict.WARN, "loan_amnt: above 25,000 for 7.0 %, 1.1 % before.", "loan_amnt",
    effect=0.059, unit="share of applicants", limit=0.06, p_value=1e-9, level=0.008,
)  # fmt: skip
JOINT = Finding(
    Question.DATA, "joint_shape", Verdict.FAIL, "All columns together: an AUC of 0.580, mainly by loan_amnt.",
    effect=0.58, unit="AUC", limit=0.55, p_value=1e-9, level=0.002, columns=("loan_amnt",),
)  # fmt: skip


@pytest.fixture(scope="module")
def drifted():
    """New words in one column, another column that moved, and a rule that changed for one rating."""
    window = make_frame(2)
    window["yearly_salary"] *= 1.4
    words = window["channel"].astype(object)
    words.iloc[:200] = HOSTILE
    window["channel"] = words.astype("category")
    answers = window["answer"].astype(object)
    answers[window["rating"] == "a"] = "no"
    window["answer"] = answers.astype("category")
    evidence = make_evidence(window)
    return make_summary(evidence, start_up_seconds=1.0), evidence


def say(*findings: Finding) -> dict:
    verdicts = {str(question): str(summarise(findings, question)) for question in Question}
    records = [finding.as_record() for finding in findings]
    changes = {"findings": records, "verdicts": verdicts, "start_up_seconds": 1.0, "outcome": "kept"}
    return make_summary(make_evidence(make_frame(3)), **changes)


def show(summary: dict) -> str:
    screen = io.StringIO()
    show_verdict(Console(file=screen, width=2_000), summary)
    return screen.getvalue()


def test_a_card_holds_all_that_is_found_of_one_cause(drifted):
    cards = {card.title: [alarm.check for alarm in card.alarms] for card in make_cards(*drifted)}
    assert cards["channel"] == ["new values", "distribution"]
    rule = cards['Share of "yes" at an equal score']
    assert {'share of "yes" by value, at an equal score: rating', "calibration"} < set(rule)
    joined = [title for title, checks in cards.items() if "joint distribution" in checks]
    assert joined == ["yearly_salary"]
    alarms = [cause for cause in read_causes(drifted[0]["findings"]) if cause.verdict is Verdict.FAIL]
    assert len(cards) == len(alarms)


def test_the_screen_counts_causes_and_names_their_columns(drifted):
    (line,) = [line for line in show(drifted[0]).splitlines() if " data " in line]
    assert " channel: " in line
    assert line.rstrip().endswith("(and also: yearly_salary)")
    assert "more)" not in line


def test_the_prefect_ui_has_a_row_for_each_cause(drifted):
    page = render_verdict(drifted[0], None)
    row = next(line for line in page.splitlines() if line.startswith("| data | channel | 13.3 points |"))
    assert row.endswith("| distribution |")
    assert "(and also: yearly\\_salary)\n" in page
    many = [
        Finding(Question.DATA, "distribution", Verdict.FAIL, "It moved.", f"c{number}", effect=0.1, limit=0.06)
        for number in range(MOST_ALARMS + 2)
    ]
    assert f"And also: c{MOST_ALARMS}, c{MOST_ALARMS + 1}." in render_verdict(say(*many), None)


def test_the_column_comes_first_where_only_all_together_are_alarmed():
    summary = say(JOINT, NOTED)
    assert write_headline(summary).startswith("The applicants have changed (loan_amnt)")
    first = next(line for line in show(summary).splitlines() if " data " in line)
    assert first.index("above 25,000 for 7.0 %, 1.1 % before.") < first.index("All columns together")
    (card,) = make_cards(summary, None)
    assert (card.title, [alarm.check for alarm in card.alarms]) == ("loan_amnt", ["distribution", "joint distribution"])
    row = next(line for line in render_verdict(summary, None).splitlines() if line.startswith("| data | loan\\_amnt |"))
    assert "| 0.580 AUC | 0.550 AUC |" in row
    assert row.endswith("| joint distribution |")
    page = render_report(summary, None)
    assert page.index("above 25,000 for 7.0 %") < page.index("All columns together")


def test_an_unfit_window_shows_every_reason_on_the_screen():
    reasons = [
        Finding(Question.QUALITY, check, Verdict.FAIL, f"Reason {check}.", "income")
        for check in ("range", "unreadable")
    ]
    screen = show(say(*reasons))
    assert "Reason range." in screen
    assert "Reason unreadable." in screen
