"""What a careful reader must not miss: which lines stand at the top, in which order, and where they lead."""

from __future__ import annotations

from tasks.core.findings import Answer, Finding, Question, Verdict, summarise
from tasks.core.notices import list_notices
from tasks.core.policy import DriftPolicy, MonitorPolicy

NO_LEAK = Finding(
    Question.QUALITY, "auc_without_leaks", Verdict.WARN, "The champion's AUC is 0.923 with and 0.740 without them.",
    unit="AUC", reference=0.923, current=0.740,
)  # fmt: skip
LABEL = Finding(
    Question.LABEL, "approval_rate", Verdict.WARN, 'Share of "yes": 75.2 %, 77.6 % before.', effect=0.024,
    unit="share of decided applications", limit=0.03, reference=0.776, current=0.752,
)  # fmt: skip
DUPLICATES = Finding(Question.QUALITY, "duplicates", Verdict.WARN, "41 rows are exact duplicates and count once.")
OPEN = Finding(Question.LABEL, "approval_rate", Verdict.NOT_ENOUGH_DATA, "12 decisions; 50 are needed.")
UNRIPE = Finding(Question.QUALITY, "ripe_days", Verdict.WARN, "From 2024-08-28 on decisions are still to come.")


def summarise_findings(*findings: Finding, outcome: str = "stable", policy: MonitorPolicy | None = None) -> dict:
    """A run's record, as far as the notices read it."""
    passed = [Finding(question, "rows", Verdict.PASS, "") for question in Question]
    return {
        "findings": [finding.as_record() for finding in findings],
        "verdicts": {str(question): str(summarise([*findings, *passed], question)) for question in Question},
        "outcome": outcome,
        "contract": {"positive": "yes"},
        "policy": (policy or MonitorPolicy()).model_dump(mode="json"),
    }


def tell(*findings: Finding, **changes) -> list[tuple[str, str]]:
    """The text and the place of each notice."""
    return [(notice.text, notice.place) for notice in list_notices(summarise_findings(*findings, **changes))]


def column(name: str, verdict: Verdict = Verdict.WARN, **changes) -> Finding:
    """A finding of a column."""
    return Finding(
        Question.DATA, "distribution", verdict, f"{name} moved.", name, effect=0.1, unit="share of applicants",
        limit=0.06, **changes,
    )  # fmt: skip


def test_a_quiet_run_has_nothing_to_add():
    assert tell() == []


def test_a_note_of_a_stable_run_is_told_with_its_numbers():
    assert tell(LABEL) == [('Label drift, a note. Share of "yes": 75.2 %, 77.6 % before.', "checks-label")]


def test_an_auc_that_rests_on_suspected_rows_comes_before_notes():
    assert tell(DUPLICATES, LABEL, UNRIPE, NO_LEAK) == [
        (NO_LEAK.sentence, "quality"),
        (UNRIPE.sentence, "quality"),
        ('Label drift, a note. Share of "yes": 75.2 %, 77.6 % before.', "checks-label"),
        ("1 note on data quality: duplicates.", "quality"),
    ]


def test_open_questions_come_first():
    texts = [text for text, _ in tell(NO_LEAK, OPEN, outcome="undecided")]
    assert texts[0] == "Label drift is an open question, not an all-clear: 12 decisions; 50 are needed."


def test_a_part_that_could_not_be_tested_is_told_beside_an_alarm():
    told = tell(column("income", Verdict.FAIL), column("debt", Verdict.NOT_ENOUGH_DATA), outcome="kept")
    assert told == [("Data drift: a part could not be tested (debt).", "checks-data")]


def test_of_unfit_data_no_question_is_called_open():
    unfit = Finding(Question.QUALITY, "rows", Verdict.FAIL, "5 rows.")
    assert tell(unfit, UNRIPE, outcome="quality_failed") == [(UNRIPE.sentence, "quality")]


def test_many_notes_stay_short():
    told = tell(*(column(f"column_{number}") for number in range(7)), LABEL)
    assert len(told) == 5
    assert told[0][1] == "checks-label"
    assert told[-1] == (
        "4 more notes: column_3, column_4, column_5, column_6.", "checks",
    )  # fmt: skip


def test_known_changes_are_named_once():
    answer = Answer("run-1", "2024-06-01", "2024-06-01", "2024-06-30", "the champion was kept")
    assert tell(column("income", Verdict.KNOWN, answer=answer)) == [("1 known change persists: income.", "known")]


def test_changed_limits_are_named_with_their_defaults():
    default = DriftPolicy().label_limit
    told = tell(policy=MonitorPolicy(drift=DriftPolicy(label_limit=0.05)))
    assert told == [(f"1 limit differs from its default: drift.label_limit 0.05 (default {default:g}).", "policy")]
