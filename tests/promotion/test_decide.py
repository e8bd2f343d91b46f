"""From findings to what is done."""

import pytest

from tasks.core.findings import Finding, Outcome, Question, Verdict
from tasks.core.policy import DecisionPolicy
from tasks.promotion.decide import decide, is_drift_proven

PASS, WARN, FAIL, FEW = Verdict.PASS, Verdict.WARN, Verdict.FAIL, Verdict.NOT_ENOUGH_DATA


def find(data=PASS, label=PASS, concept=PASS, model=PASS):
    verdicts = {Question.DATA: data, Question.LABEL: label, Question.CONCEPT: concept, Question.MODEL: model}
    return [Finding(question, "check", verdict, "") for question, verdict in verdicts.items() if verdict is not None]


@pytest.mark.parametrize(
    ("verdicts", "outcome"),
    [
        ({}, Outcome.STABLE),
        ({"data": WARN, "concept": WARN}, Outcome.STABLE),  # notes are no alarms
        ({"data": FAIL}, None),
        ({"concept": FAIL}, None),  # stable inputs say nothing about a changed rule
        ({"label": FAIL, "model": FEW}, None),  # an alarm is acted on, even where another question is open
        ({"model": FEW}, Outcome.UNDECIDED),
        ({"concept": Verdict.NOT_RUN, "data": WARN}, Outcome.UNDECIDED),
        ({"concept": None}, Outcome.UNDECIDED),  # a question that nobody asked is open
    ],
)
def test_any_drift_retrains(verdicts, outcome):
    assert decide(find(**verdicts), DecisionPolicy()).outcome is outcome


@pytest.mark.parametrize(
    ("verdicts", "outcome"),
    [
        ({"data": FAIL, "model": FAIL}, None),
        ({"data": FAIL}, Outcome.KEPT),  # the previous system's gate
        ({"concept": FAIL}, Outcome.KEPT),
        ({"model": FAIL, "concept": FAIL}, Outcome.KEPT),
        ({}, Outcome.STABLE),
    ],
)
def test_the_previous_systems_gate_is_a_policy(verdicts, outcome):
    assert decide(find(**verdicts), DecisionPolicy(rule="data_then_model")).outcome is outcome


def test_only_concept_and_model_drift_count_against_the_champion():
    assert not is_drift_proven(find(data=FAIL, label=FAIL))
    assert is_drift_proven(find(concept=FAIL))
    assert is_drift_proven(find(model=FAIL))


def test_the_reason_names_the_questions():
    assert decide(find(data=FAIL, model=FAIL), DecisionPolicy()).reason.startswith("Data and model drift")
