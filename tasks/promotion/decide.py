"""Decide: from the findings of a run to what is done about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tasks.core.findings import DRIFT_QUESTIONS, UNANSWERED, Finding, Outcome, Question, Verdict, summarise
from tasks.core.policy import DecisionPolicy
from tasks.core.wording import join_list


@dataclass(frozen=True)
class Decision:
    """`outcome` is None while it is still open, that is where a challenger has to be trained first."""

    outcome: Outcome | None
    reason: str


def decide(findings: Sequence[Finding], policy: DecisionPolicy) -> Decision:
    """Retrain, or end here.

    Any of the four drift questions that fails asks for a challenger. With the rule `data_then_model` (the previous
    system's gate) only data drift together with model drift does. Where nothing failed but a question could not be
    answered, the run is `undecided`: a silence is no all-clear.
    """
    verdicts = {question: summarise(findings, question) for question in DRIFT_QUESTIONS}
    failed = [question for question in DRIFT_QUESTIONS if verdicts[question] is Verdict.FAIL]
    open_questions = [question for question in DRIFT_QUESTIONS if verdicts[question] in UNANSWERED]
    gate = (Question.DATA, Question.MODEL)
    if failed and (policy.rule == "any_drift" or all(question in failed for question in gate)):
        return Decision(None, f"{_name(failed)} drift was detected, so a challenger is trained.")
    if failed:
        return Decision(
            Outcome.KEPT,
            f"{_name(failed)} drift was detected, but the policy retrains only on data and model drift together.",
        )
    if open_questions:
        return Decision(
            Outcome.UNDECIDED, f"No alarm, but {_name(open_questions, is_first=False)} drift could not be tested."
        )
    return Decision(Outcome.STABLE, "All questions were answered, and no change exceeds its limit.")


def is_drift_proven(findings: Sequence[Finding]) -> bool:
    """The champion is proven to have drifted: the rule has changed, or its ranking or calibration is worse."""
    return any(summarise(findings, question) is Verdict.FAIL for question in (Question.CONCEPT, Question.MODEL))


def _name(questions: Sequence[Question], *, is_first: bool = True) -> str:
    names = join_list([str(question) for question in questions])
    return names.capitalize() if is_first else names
