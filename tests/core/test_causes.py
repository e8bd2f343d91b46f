"""One cause, one alarm: findings that one look at the data explains are one item, and say first what a person needs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tasks.core.causes import (
    answer_question,
    describe_cause,
    group_causes,
    name_parts,
    read_causes,
)
from tasks.core.findings import Finding, Question, Verdict, read_finding
from tasks.core.positive import Positive

FAIL, WARN, PASS, OPEN = Verdict.FAIL, Verdict.WARN, Verdict.PASS, Verdict.NOT_ENOUGH_DATA
DATA, CONCEPT, MODEL, LABEL = Question.DATA, Question.CONCEPT, Question.MODEL, Question.LABEL


def find(question: Question, check: str, subject: str = "", verdict: Verdict = FAIL, columns: tuple = ()) -> Finding:
    return Finding(question, check, verdict, f"{subject or 'All'}: {check}.", subject, columns=columns)


NEW_WORDS = find(DATA, "never_seen", "employer")
MOVED = find(DATA, "distribution", "employer")
JOINT = find(DATA, "joint_shape", columns=("employer",))
NOTED = replace(MOVED, verdict=WARN)
OTHER = find(DATA, "distribution", "income")
TOGETHER = find(DATA, "missing", columns=("cars", "children"))
CURVE = find(CONCEPT, "score_curve", columns=("term",))
TERM = find(CONCEPT, "by_column", "term")
PURPOSE = find(CONCEPT, "by_column", "purpose")
CALIBRATION, AUC = find(MODEL, "calibration"), find(MODEL, "auc")
RATE = find(LABEL, "approval_rate")


def group(*findings: Finding) -> list[tuple[Finding, ...]]:
    return [cause.findings for cause in group_causes(findings)]


@pytest.mark.parametrize(
    ("findings", "causes", "why"),
    [
        ([NEW_WORDS, MOVED, JOINT], [(NEW_WORDS, MOVED, JOINT)], "new words in one column"),
        ([JOINT, NEW_WORDS], [(NEW_WORDS, JOINT)], "what names the column comes first"),
        ([JOINT, NOTED], [(NOTED, JOINT)], "also where the column by itself is only a note"),
        ([JOINT, MOVED, OTHER], [(MOVED, JOINT), (OTHER,)], "another column is another cause"),
        ([replace(JOINT, columns=("employer", "income")), MOVED], [(replace(JOINT, columns=("employer", "income")),),
         (MOVED,)], "a column that shows nothing by itself: how they go together has changed, too"),
        ([replace(JOINT, columns=("income", "employer")), MOVED, OTHER],
         [(OTHER, replace(JOINT, columns=("income", "employer"))), (MOVED,)], "the first named of two that moved"),
        ([replace(JOINT, columns=())], [(replace(JOINT, columns=()),)], "nothing is named"),
        ([replace(JOINT, columns=("cars",)), TOGETHER], [(TOGETHER, replace(JOINT, columns=("cars",)))],
         "columns that are missing together"),
        ([TOGETHER, replace(TOGETHER, columns=("debt", "rent"))],
         [(TOGETHER,), (replace(TOGETHER, columns=("debt", "rent")),)], "two records that were not loaded"),
        ([TERM, CURVE, PURPOSE, CALIBRATION], [(CURVE, TERM, PURPOSE, CALIBRATION)], "one changed rule"),
        ([TERM, PURPOSE], [(TERM, PURPOSE)], "a rule that changed for some columns only"),
        ([replace(CURVE, verdict=PASS), CALIBRATION], [(CALIBRATION,)], "a calibration that is worse by itself"),
        ([CURVE, AUC, RATE], [(CURVE,), (AUC,), (RATE,)], "each may have another cause"),
        ([find(DATA, "distribution", "term"), TERM], [(find(DATA, "distribution", "term"),), (TERM,)],
         "applicants and rule are two questions"),
        ([find(DATA, "distribution", "a", OPEN), find(DATA, "missing", "a")],
         [(find(DATA, "missing", "a"),), (find(DATA, "distribution", "a", OPEN),)], "an open question stays open"),
        ([replace(MOVED, verdict=PASS)], [], "what passed has no cause"),
        ([find(Question.QUALITY, "range", "income"), find(Question.QUALITY, "unreadable", "income")],
         [(find(Question.QUALITY, "range", "income"),), (find(Question.QUALITY, "unreadable", "income"),)],
         "faults of quality are corrected one by one"),
    ],
)  # fmt: skip
def test_causes(findings, causes, why):
    assert group(*findings) == causes, why


def test_every_finding_that_did_not_pass_is_in_one_cause():
    findings = [NEW_WORDS, MOVED, replace(OTHER, verdict=PASS), JOINT, RATE, CURVE, TERM, CALIBRATION, AUC, TOGETHER]
    places = [place for cause in group_causes(findings) for place in cause.places]
    assert sorted(places) == [place for place, finding in enumerate(findings) if finding.verdict is not PASS]


def test_a_cause_is_as_grave_as_its_gravest_finding():
    (cause,) = group_causes([JOINT, NOTED])
    assert (cause.verdict, cause.name()) == (FAIL, "employer")
    assert cause.as_record() == {"question": "data", "subject": "employer", "verdict": "fail", "findings": [1, 0]}


def test_the_first_line_says_what_a_person_needs():
    (cause,) = group_causes([JOINT, MOVED, NEW_WORDS])
    assert describe_cause(cause) == "employer: distribution."
    assert name_parts(cause) == "new values and joint distribution"
    (noted,) = group_causes([JOINT, NOTED])
    assert describe_cause(noted) == "employer: distribution. All: joint_shape."
    assert name_parts(noted) == ""
    (rule,) = group_causes([CURVE, TERM, PURPOSE, CALIBRATION])
    assert name_parts(rule, Positive("default")) == (
        'share of "default" by value, at an equal score (term, purpose) and calibration'
    )


def test_only_what_is_to_be_told_is_told():
    (cause,) = group_causes([MOVED, NEW_WORDS, JOINT])
    assert describe_cause(cause, [NEW_WORDS]) == "employer: never_seen."
    (noted,) = group_causes([JOINT, NOTED])
    assert describe_cause(noted, [JOINT]) == "employer: distribution. All: joint_shape."


def test_a_questions_answer_names_the_other_causes():
    many = [find(DATA, "distribution", f"c{number}") for number in range(9)]
    causes = group_causes([MOVED, NEW_WORDS, JOINT, TOGETHER, *many])
    answer = answer_question(causes, "data", "fail")
    assert answer == "employer: distribution. (and also: cars, children, c0, c1, c2, c3, c4 and 4 more)"
    assert answer_question(causes, "label", "fail") == ""
    assert answer_question(group_causes([CURVE, TERM]), "concept", "fail") == "All: score_curve."


def test_a_question_whose_finding_belongs_to_another_ones_cause_answers_for_itself():
    causes = group_causes([CURVE, CALIBRATION, AUC])
    assert answer_question(causes, "concept", "fail") == "All: score_curve."
    assert answer_question(causes, "model", "fail") == (
        "All: auc. (and also: share of the positive decision at an equal score)"
    )
    assert answer_question(group_causes([CURVE, CALIBRATION]), "model", "fail") == "All: calibration."


def test_findings_come_back_from_their_records():
    findings = [JOINT, NOTED, replace(OTHER, verdict=OPEN)]
    records = [finding.as_record() for finding in findings]
    assert [read_finding(record) for record in records] == findings
    assert read_causes(records) == group_causes(findings)
