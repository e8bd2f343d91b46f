"""The story of the demo: the events of each month, and what loanwatch should report.

The generator, the table of docs/demo.md and the tests all use these records, so that they cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from tasks.core.findings import Question, Verdict


@dataclass(frozen=True)
class Month:
    """One month of the story.

    `alarms` are the questions that fail, and `names` the columns that the data question names, for a champion that
    was fitted on the `CHAMPION_MONTHS`. The factors multiply the applicants' true values (`income_factor`,
    `amount_factor`), or only the recorded ones (`written_debt_factor`: the lender decided on the true debts).
    """

    first_day: date
    happens: str
    says: str
    alarms: tuple[Question, ...] = ()
    names: tuple[str, ...] = ()
    income_factor: float = 1.0
    amount_factor: float = 1.0
    written_debt_factor: float = 1.0
    is_rule_changed: bool = False

    def expect(self, question: Question) -> Verdict:
        """The verdict on one question. Quality is always a warning: a lender's tables have a few duplicate rows."""
        if question in self.alarms:
            return Verdict.FAIL
        return Verdict.WARN if question is Question.QUALITY else Verdict.PASS


_QUIET = "nothing"
_STABLE = "stable"

STORY: tuple[Month, ...] = (
    *(Month(date(2024, month, 1), _QUIET, _STABLE) for month in range(1, 8)),
    Month(
        date(2024, 8, 1),
        "a campaign brings applicants whose incomes are a fifth higher; the lender decides as before",
        "data drift, names annual_income; no concept drift, and the champion ranks as well as before",
        alarms=(Question.DATA,),
        names=("annual_income",),
        income_factor=1.20,
        amount_factor=1.015,
    ),
    Month(
        date(2024, 9, 1),
        "loan amounts rise slowly (1.5 % in August, 3 % now), which is below the limit",
        _STABLE,
        amount_factor=1.03,
    ),
    Month(
        date(2024, 10, 1),
        "the approval rule changes for good, the applicants do not: long terms are favoured, short-term loans are "
        "harder to get; one decision in ten differs, the approval rate stays the same",
        "concept drift, names term, and model drift; neither data nor label drift",
        alarms=(Question.CONCEPT, Question.MODEL),
        amount_factor=1.06,
        is_rule_changed=True,
    ),
    Month(
        date(2024, 11, 1),
        "an upstream system changes a unit: monthly_debt is delivered per year, twelve times too high",
        "data drift, names monthly_debt; the champion misreads the debts, so concept and model drift too",
        alarms=(Question.DATA, Question.CONCEPT, Question.MODEL),
        names=("monthly_debt",),
        amount_factor=1.12,
        written_debt_factor=12.0,
        is_rule_changed=True,
    ),
    Month(
        date(2024, 12, 1),
        "the slow trend exceeds the limit: the rise of the loan amounts has doubled every month since August, to 24 %",
        "data drift, names current_loan_amount; concept and model drift by the rule of October, which stays",
        alarms=(Question.DATA, Question.CONCEPT, Question.MODEL),
        names=("current_loan_amount",),
        amount_factor=1.24,
        is_rule_changed=True,
    ),
)

# The champion of the story was fitted on these six quiet months.
CHAMPION_MONTHS = STORY[1:7]
