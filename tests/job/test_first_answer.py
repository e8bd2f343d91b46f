"""What became of the answers of a run that had to wait for decisions."""

from __future__ import annotations

import pytest

from tasks.core.findings import Finding, Question, Verdict
from tasks.job.first_answer import compare_answers

OPEN, PASS, FAIL = Verdict.NOT_ENOUGH_DATA, Verdict.PASS, Verdict.FAIL
ASKED = (Question.LABEL, Question.CONCEPT, Question.MODEL)
CASES = [
    # said then, said now, what is told
    ((OPEN, OPEN, OPEN), (PASS, PASS, PASS), "label was “not enough data” and is “pass”, concept was"),
    ((PASS, OPEN, PASS), (PASS, FAIL, PASS), "concept was “not enough data” and is “alarm”; label and model stand."),
    ((PASS, PASS, PASS), (PASS, PASS, PASS), "Since then: all answers stand."),
]


@pytest.mark.parametrize(("then", "now", "told"), CASES)
def test_each_changed_answer_is_told(then, now, told):
    findings = [Finding(question, "check", verdict, "") for question, verdict in zip(ASKED, now, strict=True)]
    finding = compare_answers("run 7 of 2024-08-01", dict(zip(ASKED, then, strict=True)), findings)
    assert told in finding.sentence
    assert finding.sentence.startswith("The run 7 of 2024-08-01 had to wait")
    assert finding.verdict is Verdict.PASS
