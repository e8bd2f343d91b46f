"""Scenarios: what happens in a life, and from when on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from benchmarks.life.calendar import MONTHS, TRAINING_MONTHS, month, number_of, span
from tasks.core.windows import Window

COVARIATE_MONTH, RULE_MONTH, EVENT_MONTH, SEASON_MONTHS = 9, 15, 12, (10, 12)
INCOME_FACTOR, UNIT_FACTOR, HALF = 1.2, 12.0, 0.5
# Incomes grow by so much a month, from the month of the covariate shift to the end.
TREND = 1.015
DAYS_IN_MONTH = 365.25 / 12


@dataclass(frozen=True)
class Regime:
    """What holds on a day.

    `income` multiplies the applicants' incomes; the lender decides on them as they are. `written_debt` multiplies the
    debts that are recorded only. `volume` is the share of the usual applications that arrive.
    """

    income: float = 1.0
    written_debt: float = 1.0
    is_rule_changed: bool = False
    volume: float = 1.0

    @property
    def relation(self) -> tuple[bool, float]:
        """What of it says how decisions follow from recorded values: P(y given x)."""
        return self.is_rule_changed, self.written_debt


USUAL = Regime()
Alter = Callable[[Regime, date], Regime]


@dataclass(frozen=True)
class Change:
    """Something that changes what holds on its days, the first and the last included."""

    name: str
    days: Window
    alter: Alter


@dataclass(frozen=True)
class DayEffects:
    """How days differ by more than chance: standard deviations from day to day.

    `approval` and `mix` (of long-term loans) on the log odds, `income` on the logarithm.
    """

    approval: float = 0.3
    income: float = 0.075
    mix: float = 0.1


@dataclass(frozen=True)
class Scenario:
    """A life's changes, in the order of their first days; `measured` is the place of that which figures count from."""

    name: str
    why: str
    changes: tuple[Change, ...] = ()
    day_effects: DayEffects | None = None
    measured: int = -1

    @property
    def start(self) -> date | None:
        """The first day of the change that figures count from; None where nothing changes."""
        return self.changes[self.measured].days.start if self.changes else None

    def regime_on(self, day: date) -> Regime:
        """What holds on a day."""
        regime = USUAL
        for change in self.changes:
            if change.days.contains(day):
                regime = change.alter(regime, day)
        return regime


def _raise_income(regime: Regime, _: date) -> Regime:
    return replace(regime, income=INCOME_FACTOR)


def _grow_income(regime: Regime, day: date) -> Regime:
    months = ((day - month(COVARIATE_MONTH).start).days + 1) / DAYS_IN_MONTH
    return replace(regime, income=TREND**months)


def _change_rule(regime: Regime, _: date) -> Regime:
    return replace(regime, is_rule_changed=True)


def _break_unit(regime: Regime, _: date) -> Regime:
    return replace(regime, written_debt=UNIT_FACTOR)


def _halve_volume(regime: Regime, _: date) -> Regime:
    return replace(regime, volume=HALF)


def _find_seasons() -> tuple[Change, ...]:
    """Each year's; months are counted from the life's first."""
    first, last = SEASON_MONTHS
    starts = range(0, MONTHS, 12)
    return tuple(Change(f"season {1 + year // 12}", span(year + first, year + last), _raise_income) for year in starts)


COVARIATE = Change("covariate", span(COVARIATE_MONTH, MONTHS), _raise_income)
RULE = Change("rule", span(RULE_MONTH, MONTHS), _change_rule)
SCENARIOS: tuple[Scenario, ...] = (
    Scenario("nothing", "every alarm is false"),
    Scenario("covariate", "incomes are a fifth higher from month 9 on, for good", (COVARIATE,)),
    Scenario("rule", "the decision rule changes in month 15, for good", (RULE,)),
    Scenario("both", "the two before in one life", (COVARIATE, RULE)),
    Scenario(
        "trend",
        "incomes grow by 1.5 % a month from month 9 on",
        (Change("trend", span(COVARIATE_MONTH, MONTHS), _grow_income),),
    ),
    Scenario(
        "blip",
        "incomes are a fifth higher in month 12 only",
        (Change("blip", month(EVENT_MONTH), _raise_income),),
    ),
    Scenario("season", "incomes are a fifth higher in the last three months of each year", _find_seasons(), measured=0),
    Scenario(
        "unit",
        "debts are recorded twelve times too high in months 12 and 13, then corrected",
        (Change("unit", span(EVENT_MONTH, EVENT_MONTH + 1), _break_unit),),
    ),
    Scenario(
        "volume",
        "half of the applications from month 12 on",
        (Change("volume", span(EVENT_MONTH, MONTHS), _halve_volume),),
    ),
    Scenario("days", "nothing lasting: days differ by more than chance", day_effects=DayEffects()),
)


def find_scored_months(scenario: Scenario) -> range:
    """The months over which a model's loss counts: those after the month in which the change began, or all watched."""
    first = number_of(scenario.start) if scenario.start else TRAINING_MONTHS
    return range(first + 1, MONTHS + 1)
