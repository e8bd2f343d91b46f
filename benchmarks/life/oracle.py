"""Oracle: what could be had. It knows since when decisions follow from the recorded values as they do now."""

from __future__ import annotations

from datetime import date

import pandas as pd

from benchmarks.life.calendar import MONTHS, TRAINING, Visit, month, number_of
from benchmarks.life.lives import Life
from benchmarks.life.policies import Look
from benchmarks.life.workshop import Model, Workshop
from tasks.core.arrays import Floats
from tasks.core.windows import Window

# More rows gain nothing: fitted on 18,000 instead of 10,000 a model of this kind loses 0.001 less.
MOST_MONTHS = 10


class Oracle:
    """Refits each month on the latest rows of the present relation of values and decisions, 10 months at most.

    Applicants who have changed are no reason to leave rows out: their decisions follow the same rule.
    """

    name = "oracle"

    def begin(self, life: Life, training: Window, workshop: Workshop) -> None:
        """The first model, of all training days."""
        self._life, self._workshop = life, workshop
        self._model: Model = workshop.fit(life, [training])
        self._months = tuple(range(1, number_of(training.end) + 1))

    def look(self, visit: Visit) -> Look:
        """Refit where a month has ended."""
        if visit.today.day > 7 or number_of(visit.today) - 1 in self._months[-1:]:
            return Look()
        chosen = find_months(self._life, visit.today)
        if chosen == self._months:
            return Look()
        self._months = chosen
        self._model = self._workshop.fit(self._life, [month(number) for number in chosen])
        return Look(promoted=True)

    def score(self, applications: pd.DataFrame) -> Floats:
        """By the latest model."""
        return self._model.score(applications)


def find_months(life: Life, today: date) -> tuple[int, ...]:
    """The latest months that are over and in which the relation was that of today, or of yesterday before any was."""
    last = number_of(today) - 1
    for day in (min(today, month(MONTHS).end), month(last).end):
        relation = life.regime_on(day).relation
        same = [number for number in range(1, last + 1) if life.regime_on(month(number).end).relation == relation]
        if same:
            return tuple(same[-MOST_MONTHS:])
    return tuple(range(1, number_of(TRAINING.end) + 1))
