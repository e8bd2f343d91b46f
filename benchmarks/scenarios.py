"""Scenarios: what is changed in a window, and what a sound procedure must and must not say about it.

A pair is two samples of one pool, so that nothing differs until a change is applied. The table at the end lists for
every change the questions that must raise an alarm, those that may, and why. Every other alarm is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from benchmarks import changes
from benchmarks.changes import Change, change_both
from tasks.core.findings import Question

DATA, LABEL, CONCEPT, MODEL = Question.DATA, Question.LABEL, Question.CONCEPT, Question.MODEL
Questions = frozenset[Question]
Group = Literal["null", "material", "immaterial", "covariate", "two drifts", "gradual"]

NOTHING: Questions = frozenset()
RECORD = changes.CUSTOMER_COLUMNS


@dataclass(frozen=True)
class Scenario:
    """One change, or one change for each of several windows that are compared with the same reference.

    `pairs` maps the rows of a window to the number of pairs of a default run. `columns` are those that the change
    touched (empty: no column is at fault); any of them may be named first, and every other one is innocent.
    `reference_rows` is the size of the reference where it differs from the window's.
    """

    name: str
    group: Group
    steps: tuple[Change, ...]
    required: Questions
    allowed: Questions
    why: str
    pairs: dict[int, int]
    columns: tuple[str, ...] = ()
    reference_rows: int | None = None
    must_name: bool = False

    def is_detected(self, raised: dict[Question, tuple[str, ...]]) -> bool:
        """Every required question raised an alarm; with `must_name`, one that names a changed column."""
        if self.must_name and not any(set(self.columns) & set(raised.get(question, ())) for question in self.required):
            return False
        return bool(self.required) and self.required <= set(raised)

    def is_right(self, raised: dict[Question, tuple[str, ...]]) -> bool:
        """Everything required, and nothing but what is required or allowed, raised an alarm."""
        return self.required <= set(raised) <= self.required | self.allowed


DRIFT_SIZES = {1_000: 50, 3_000: 50}
# At 1,000 rows this one is found about as often as its goal asks for, so that 50 pairs would be a coin toss.
NEAR_ITS_GOAL = DRIFT_SIZES | {1_000: 200}
LARGE = {100_000: 8}


def _drift(name: str, change: Change, columns: tuple[str, ...], rule: tuple[Questions, Questions, str]) -> Scenario:
    required, allowed, why = rule
    return Scenario(name, "material", (change,), required, allowed, why, DRIFT_SIZES, columns)


def _immaterial(name: str, change: Change, pairs: dict[int, int], why: str) -> Scenario:
    return Scenario(name, "immaterial", (change,), NOTHING, NOTHING, why, pairs)


# (required, allowed, why). Labels stay with their rows in every change of data: only resampling moves the label rate.
CORRUPTED = (
    frozenset({DATA}),
    frozenset({CONCEPT}),
    "values moved and decisions did not, so P(y given x) moved too; the AUC changes by less than its floor",
)
RELIED_ON = (
    frozenset({DATA}),
    frozenset({CONCEPT, MODEL}),
    "as above, and the model relies on these values, so that it is worse as well",
)
RESAMPLED = (
    frozenset({DATA}),
    NOTHING,
    "P(y given x) is kept and the approval rate moves by about 1 point: concept, model and label alarms are false",
)
NO_RECORD = (
    frozenset({DATA}),
    frozenset({LABEL}),
    "P(y given x) is kept; nearly all applicants without a record were approved, so the approval rate really moves",
)
RESAMPLED_LABELS = (
    frozenset({LABEL}),
    frozenset({DATA, CONCEPT, MODEL}),
    "fewer approvals at every score move the odds, the mix of applicants and the calibration of the scores",
)
FLIPPED = (
    frozenset({CONCEPT}),
    frozenset({LABEL, MODEL}),
    "no applicant changed, so a data alarm is false; the approval rate moves to one half and the AUC falls",
)
REVERSED = (
    frozenset({CONCEPT}),
    frozenset({LABEL, MODEL}),
    "no applicant changed, so a data alarm is false; decisions follow another rule than the model's",
)

NULL = Scenario(
    "null",
    "null",
    (changes.keep,),
    NOTHING,
    NOTHING,
    "both windows are random samples of the same applications: every alarm is false",
    {500: 400, 1_000: 400, 3_000: 400, 100_000: 200},
)

MATERIAL = (
    _drift("income x1.15", changes.multiply("annual_income", 1.15), ("annual_income",), CORRUPTED),
    _drift("loan amount x1.25", changes.multiply("current_loan_amount", 1.25), ("current_loan_amount",), CORRUPTED),
    _drift("credit score -20", changes.add("credit_score", -20), ("credit_score",), RELIED_ON),
    _drift("long-term share +12", changes.resample_term(0.12), ("term",), RESAMPLED),
    _drift("new purpose 5%", changes.replace_words("purpose", "crypto assets", 0.05), ("purpose",), CORRUPTED),
    _drift("income missing +10", changes.remove_values("annual_income", 0.10), ("annual_income",), CORRUPTED),
    _drift("debt x12 on 10%", changes.multiply("monthly_debt", 12, share=0.10), ("monthly_debt",), CORRUPTED),
    replace(_drift("approval rate -8", changes.resample_labels(-0.08), (), RESAMPLED_LABELS), pairs=NEAR_ITS_GOAL),
    _drift("5% flips", changes.flip_labels(0.05), (), FLIPPED),
    _drift("10% flips", changes.flip_labels(0.10), (), FLIPPED),
    _drift("20% flips", changes.flip_labels(0.20), (), FLIPPED),
    _drift("reversed effect", changes.reverse_effect, ("credit_score", "home_ownership"), REVERSED),
    _drift("open credit permuted", changes.permute("max_open_credit"), ("max_open_credit",), CORRUPTED),
    _drift("sentinel gone", changes.replace_sentinel("current_loan_amount"), ("current_loan_amount",), RELIED_ON),
    _drift("no record +10", changes.resample_records(0.10), RECORD, NO_RECORD),
)

IMMATERIAL = (
    _immaterial("income x1.05", changes.multiply("annual_income", 1.05), DRIFT_SIZES, "5 % of applicants cross a line"),
    _immaterial("long-term share +2", changes.resample_term(0.02), DRIFT_SIZES | LARGE, "2 points of 100 applicants"),
    _immaterial("income x1.03", changes.multiply("annual_income", 1.03), LARGE, "3 % of applicants cross a line"),
    _immaterial("approval rate -1", changes.resample_labels(-0.01), LARGE, "1 point, below the limit of 3"),
    _immaterial("1% flips", changes.flip_labels(0.01), LARGE, "the chance of approval moves by about 1 point"),
)

COVARIATE = (
    Scenario(
        "no record -10",
        "covariate",
        (changes.resample_records(-0.10),),
        *NO_RECORD,
        {3_000: 50} | LARGE,
        RECORD,
    ),
    Scenario(
        "no record -20",
        "covariate",
        (changes.resample_records(-0.20),),
        frozenset({DATA}),
        frozenset({LABEL, MODEL}),
        "P(y given x) is kept; the applicants who are easy to judge became few, so the AUC really falls",
        {3_000: 25},
        RECORD,
    ),
)

TWO_DRIFTS = Scenario(
    "two drifts at once",
    "two drifts",
    (change_both(changes.multiply("annual_income", 1.15), changes.flip_labels(0.10)),),
    frozenset({DATA, CONCEPT}),
    frozenset({LABEL, MODEL}),
    "income x1.15 and 10% flips: each has its own cause, so both are to be raised",
    {3_000: 50},
    ("annual_income",),
)

GRADUAL = Scenario(
    "gradual",
    "gradual",
    tuple(changes.multiply("annual_income", 1.03**window) for window in range(1, 7)),
    frozenset({DATA}),
    frozenset({CONCEPT}),
    "income grows by 3 % from window to window; counted from the first window that names income",
    {1_000: 30},
    ("annual_income",),
    reference_rows=3_000,
    must_name=True,
)

SCENARIOS: tuple[Scenario, ...] = (NULL, *MATERIAL, *IMMATERIAL, *COVARIATE, TWO_DRIFTS, GRADUAL)
