"""Run: one policy through one life."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from benchmarks.lenders.rule import expect_area
from benchmarks.life.calendar import ONE_DAY, TRAINING, WATCHED, Cadence, Visit, list_visits, month, number_of
from benchmarks.life.lives import Life
from benchmarks.life.policies import Look, Policy
from benchmarks.life.scenarios import Regime
from benchmarks.life.workshop import Workshop

_MIDDLE = ONE_DAY * 14  # of a month, from its first day


@dataclass(frozen=True)
class Seen:
    """A look, and when it was."""

    visit: Visit
    look: Look


@dataclass
class Losses:
    """The AUC that the models in production lost, by month, each weighted by its days.

    A loss is the AUC of the true probabilities less that of the model's scores, both to be expected over the decisions
    of fresh applications of the month.
    """

    life: Life
    policy: Policy
    days: dict[int, int] = field(default_factory=dict)
    lost: dict[int, float] = field(default_factory=dict)
    _known: dict[Regime, float] = field(default_factory=dict)

    def spend(self, first: date, last: date) -> None:
        """The model that is in production now was so from the first to the last day."""
        for number in range(number_of(first), number_of(last) + 1) if first <= last else ():
            days = (min(month(number).end, last) - max(month(number).start, first)).days + 1
            self.days[number] = self.days.get(number, 0) + days
            self.lost[number] = self.lost.get(number, 0.0) + days * self._measure(number)

    def renew(self) -> None:
        """Another model is in production."""
        self._known.clear()

    def by_month(self) -> dict[int, float]:
        """The mean loss of each month."""
        return {number: self.lost[number] / days for number, days in self.days.items()}

    def _measure(self, number: int) -> float:
        day = month(number).start + _MIDDLE
        regime = self.life.regime_on(day)
        if regime not in self._known:
            fresh = self.life.fresh(day)
            scores = self.policy.score(fresh.frame)
            self._known[regime] = expect_area(fresh.chances, fresh.chances) - expect_area(scores, fresh.chances)
        return self._known[regime]


def live(life: Life, policy: Policy, cadence: Cadence, workshop: Workshop) -> tuple[list[Seen], dict[int, float]]:
    """What the policy said at each look, and the AUC lost in each month."""
    policy.begin(life, TRAINING, workshop)
    losses, seen, since = Losses(life, policy), [], WATCHED.start
    for visit in list_visits(cadence):
        losses.spend(since, visit.today - ONE_DAY)
        since = visit.today
        seen.append(Seen(visit, policy.look(visit)))
        if seen[-1].look.promoted:
            losses.renew()
    losses.spend(since, WATCHED.end)
    return seen, losses.by_month()
