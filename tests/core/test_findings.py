"""The rule of every verdict: sure and material."""

import pytest

from tasks.core.findings import Finding, Question, Verdict, judge, summarise


def find(verdict=Verdict.PASS, question=Question.DATA, **numbers):
    return Finding(question, "distribution", verdict, "", **numbers)


@pytest.mark.parametrize(
    ("numbers", "verdict"),
    [
        ({"effect": 0.10, "p_value": 0.001}, Verdict.FAIL),  # sure and material
        ({"effect": 0.10, "p_value": 0.02}, Verdict.PASS),  # large, but it may be chance
        ({"effect": 0.04, "p_value": 0.001}, Verdict.WARN),  # sure, but too small to matter
        ({"effect": 0.07, "p_value": 0.001, "standard_error": 0.02}, Verdict.WARN),  # one standard error is given back
        ({"effect": 0.08, "p_value": 0.001, "standard_error": 0.02}, Verdict.FAIL),  # exactly at the floor
        ({"effect": 0.10, "p_value": 0.008}, Verdict.FAIL),  # exactly at the level
    ],
)
def test_an_alarm_is_sure_and_material(numbers, verdict):
    assert judge(find(limit=0.06, level=0.008, **numbers)).verdict is verdict


def test_what_could_not_be_measured_stays_so():
    assert judge(find(Verdict.NOT_ENOUGH_DATA, limit=0.06, level=0.008)).verdict is Verdict.NOT_ENOUGH_DATA


@pytest.mark.parametrize(
    ("verdicts", "whole"),
    [
        ([], Verdict.NOT_RUN),  # nobody asked
        ([Verdict.PASS, Verdict.WARN], Verdict.WARN),
        ([Verdict.PASS, Verdict.NOT_ENOUGH_DATA], Verdict.NOT_ENOUGH_DATA),  # an open question is never green
        ([Verdict.WARN, Verdict.NOT_RUN], Verdict.NOT_RUN),
        ([Verdict.NOT_ENOUGH_DATA, Verdict.FAIL], Verdict.FAIL),
    ],
)
def test_a_question_is_as_grave_as_its_gravest_finding(verdicts, whole):
    others = [find(Verdict.FAIL, Question.LABEL)]
    assert summarise([find(verdict) for verdict in verdicts] + others, Question.DATA) is whole
