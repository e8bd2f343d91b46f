"""Decide: from the findings of a run to what is done about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tasks.changes.past_runs import CHANGED
from tasks.core.causes import group_causes
from tasks.core.findings import DRIFT_QUESTIONS, UNANSWERED, Finding, Outcome, Question, Verdict, summarise
from tasks.core.policy import DecisionPolicy
from tasks.core.wording import join_list


@dataclass(frozen=True)
class Decision:
    """`outcome` is None while it is still open, that is where a challenger has to be trained first."""

    outcome: Outcome | None
    reason: str


def decide(findings: Sequence[Finding], policy: DecisionPolicy, retry: str = "") -> Decision:
    """Retrain, or end here.

    Any of the four drift questions that fails asks for a challenger. With the rule `data_then_model` (the previous
    system's gate) only data drift together with model drift does. Where nothing failed but a question could not be
    answered, the run is `undecided`: a silence is no all-clear. A known change is no alarm; `retry` says why a
    challenger is trained all the same.
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
    if retry:
        return Decision(None, f"No new alarm. {retry}")
    if open_questions:
        return Decision(
            Outcome.UNDECIDED, f"No alarm, but {_name(open_questions, is_first=False)} drift could not be tested."
        )
    known = count_known(findings)
    if known:
        return Decision(
            Outcome.STABLE,
            f"No new change exceeds its limit. {known} known change{'s persist' if known > 1 else ' persists'}.",
        )
    return Decision(Outcome.STABLE, "All questions were answered, and no change exceeds its limit.")


def count_known(findings: Sequence[Finding]) -> int:
    """The causes of which nothing but known changes was found."""
    return sum(cause.verdict is Verdict.KNOWN for cause in group_causes(findings))


def is_drift_proven(findings: Sequence[Finding]) -> bool:
    """The champion is proven to have drifted: the rule has changed, or its ranking or calibration is worse.

    A known change is proven, too: it still exceeds its limit.
    """
    return any(f.verdict in CHANGED for f in findings if f.question in (Question.CONCEPT, Question.MODEL))


def _name(questions: Sequence[Question], *, is_first: bool = True) -> str:
    names = join_list([str(question) for question in questions])
    return names.capitalize() if is_first else names
