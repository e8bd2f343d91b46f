"""Lives: the applications of a lender over two years, with what is known to nobody: the true probabilities.

A month's draws depend on the lender, the seed and the month only. So lives of different scenarios have the same
applicants, and differ by their changes alone.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd

from benchmarks.life.calendar import MONTHS, ONE_DAY, month
from benchmarks.life.draw import Draw, Effects, Rows, hold_alike, hold_by_day, list_words
from benchmarks.life.lender import Lender
from benchmarks.life.scenarios import Regime, Scenario
from tasks.core.arrays import Integers
from tasks.core.windows import Window
from tasks.demo.dirt import sample_times
from tasks.models.preprocess import Prepared, prepare

FRESH_ROWS = 20_000
_ROWS, _FRESH, _DAYS = 1, 2, 3  # purposes of random draws


@dataclass(frozen=True, eq=False)
class Life:
    """A lender's two years in one scenario, with so many applications in a usual month."""

    lender: Lender
    scenario: Scenario
    seed: int
    per_month: int = 2_000

    def rows(self, days: Window) -> Rows:
        """The applications of some days, in the order of their times."""
        part = self._find(days)
        frame = self._all.frame.iloc[part].reset_index(drop=True)
        words = frame.select_dtypes("category").columns
        frame = frame.assign(**{name: frame[name].cat.remove_unused_categories() for name in words})
        return Rows(frame, self._all.chances[part])

    def prepare(self, windows: Sequence[Window]) -> Prepared:
        """The applications of some windows as rows for training; of a day in two windows they count once."""
        is_in = np.zeros(len(self._prepared), dtype=bool)
        for window in windows:
            is_in[self._find(window)] = True
        return self._prepared.take(is_in)

    def fresh(self, day: date) -> Rows:
        """20,000 other applications by what holds on a day, without the effects of single days."""
        regime = self.scenario.regime_on(day)
        if regime not in self._fresh:
            random = self._random(_FRESH)
            rows = Draw(self.lender.draw(random, FRESH_ROWS), hold_alike(regime, FRESH_ROWS))
            self._fresh[regime] = rows.write(self.lender, np.full(FRESH_ROWS, np.datetime64(day)), random)
        return self._fresh[regime]

    def regime_on(self, day: date) -> Regime:
        """What holds on a day."""
        return self.scenario.regime_on(day)

    def fingerprint(self, windows: Sequence[Window]) -> Hashable:
        """What the rows of some windows depend on: they are equal where it is."""
        regimes = tuple(self.scenario.regime_on(day) for window in windows for day in list_days(window))
        return self.lender.name, self.seed, self.per_month, self.scenario.day_effects, tuple(windows), regimes

    def _find(self, days: Window) -> slice:
        first, last = np.searchsorted(self._days, [np.datetime64(days.start), np.datetime64(days.end + ONE_DAY)])
        return slice(int(first), int(last))

    def _random(self, *purpose: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, *purpose])

    @cached_property
    def _fresh(self) -> dict[Regime, Rows]:
        return {}

    @cached_property
    def _days(self) -> np.ndarray:
        return self._all.frame[self.lender.contract.time.name].to_numpy("datetime64[D]")

    @cached_property
    def _prepared(self) -> Prepared:
        return prepare(self.lender.contract, self._all.frame)

    @cached_property
    def _all(self) -> Rows:
        months = [self._draw_month(number) for number in range(1, MONTHS + 1)]
        frame = pd.concat([rows.frame for rows in months], ignore_index=True)
        order = np.argsort(frame[self.lender.contract.time.name].to_numpy(), kind="stable")
        chances = np.concatenate([rows.chances for rows in months])
        frame = frame.iloc[order].reset_index(drop=True)
        return Rows(frame.astype(dict.fromkeys(list_words(self.lender), "category")), chances[order])

    def _draw_month(self, number: int) -> Rows:
        random, days = self._random(_ROWS, number), list_days(month(number))
        applicants = self.lender.draw(random, self.per_month)
        places, minutes = sample_times(random, days[0], self.per_month)
        regimes = [self.scenario.regime_on(day) for day in days]
        draw = Draw(applicants, hold_by_day(regimes, places), self._draw_effects(days, places))
        times = np.datetime64(days[0], "m") + (places * 24 * 60 + minutes).astype("timedelta64[m]")
        rows = draw.write(self.lender, times, random, f"{number}")
        volume = np.array([regime.volume for regime in regimes])[places]
        arrived = np.arange(self.per_month) < volume * self.per_month
        return Rows(rows.frame[arrived], rows.chances[arrived])

    def _draw_effects(self, days: Sequence[date], places: Integers) -> Effects | None:
        spread = self.scenario.day_effects
        if spread is None:
            return None
        by_day = np.array([self._random(_DAYS, day.toordinal()).standard_normal(3) for day in days])
        return Effects(*(by_day * [spread.approval, spread.income, spread.mix])[places].T)


def list_days(window: Window) -> list[date]:
    """Each day of a window."""
    return [window.start + ONE_DAY * place for place in range(window.days)]
