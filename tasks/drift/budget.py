"""Budget: the significance levels that follow from the false alarms a year, by how often a run looks.

A monthly run has the levels of the policy, which its limits keep within the budget. A weekly or daily run has levels
that keep it by themselves: half of the budget is its whole window's, the rest is shared equally by its last days.
"""

from __future__ import annotations

from tasks.core.cadence import Cadence
from tasks.core.policy import DriftPolicy
from tasks.statistics.looks import find_level

LEVELS = ("columns_level", "joint_level", "label_level", "concept_level", "model_level")
# The last days that are judged alone, where they are fewer than the window's.
RECENT = {Cadence.MONTHLY: (), Cadence.WEEKLY: (7, 14), Cadence.DAILY: (1, 2, 7, 14)}
# A window's level is divided among its columns and questions: about so many tests.
TESTS = 30
# The false alarms a year for which the levels of the policy stand.
USUAL_BUDGET = 0.05


def plan_recent(cadence: Cadence, days: int) -> tuple[int, ...]:
    """The lengths of the last days that are judged alone in a window of so many days.

    Examples
    --------
    >>> plan_recent(Cadence.DAILY, 30), plan_recent(Cadence.WEEKLY, 7)
    ((1, 2, 7, 14), ())
    """
    return tuple(length for length in RECENT[cadence] if length < days)


def fit_levels(policy: DriftPolicy, days: int) -> DriftPolicy:
    """The policy with the levels of a whole window of so many days.

    Examples
    --------
    >>> fit_levels(DriftPolicy(), 31).label_level
    0.01
    >>> round(fit_levels(DriftPolicy(cadence=Cadence.DAILY), 30).label_level, 6)
    6.4e-05
    """
    budget, cadence = policy.false_alarms_a_year, policy.cadence or Cadence.MONTHLY
    if cadence is Cadence.MONTHLY:
        return _scale(policy, budget / USUAL_BUDGET)
    share = 0.5 if plan_recent(cadence, days) else 1.0
    return _fit(policy, budget * share, days, cadence)


def fit_recent_levels(policy: DriftPolicy, length: int, days: int) -> DriftPolicy:
    """The policy with the levels of the last `length` days of a window of so many days.

    The last day or two are few applications: only a break counts, and few rows are enough to be asked.
    """
    cadence = policy.cadence or Cadence.MONTHLY
    share = 0.5 / len(plan_recent(cadence, days))
    fitted = _fit(policy, policy.false_alarms_a_year * share, length, cadence)
    if length >= Cadence.WEEKLY.days:
        return fitted
    limits = ("distribution_limit", "missing_limit", "label_limit")
    return fitted.model_copy(
        update={name: max(getattr(policy, name), policy.break_limit) for name in limits}
        | {"minimum_rows": min(policy.recent_rows, policy.minimum_rows), "rare_limit": 1.0}
    )


def _fit(policy: DriftPolicy, budget: float, days: int, cadence: Cadence) -> DriftPolicy:
    """The levels that keep a year of windows of so many days within a part of the budget."""
    level = find_level(budget, days, cadence.days, TESTS)
    return _scale(policy, level / sum(getattr(policy, name) for name in LEVELS))


def _scale(policy: DriftPolicy, factor: float) -> DriftPolicy:
    """The same shares of another level in all."""
    return policy.model_copy(update={name: min(getattr(policy, name) * factor, 0.49) for name in LEVELS})
