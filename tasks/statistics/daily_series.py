"""Daily series: a number that each row has, summed by day, with levels between some of the days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from tasks.core.arrays import Floats, Integers

# What a step takes of the days' freedom: its day, its level, and the dispersion that is measured around it.
FREEDOM_PER_STEP = 3


@dataclass(frozen=True, eq=False)
class DailySeries:
    """A number that each row has, summed by day, and over a reference that comes before all days.

    Parameters
    ----------
    rows, sums : arrays of d
        The rows of each day (above 0; or their weights), and the sum of their numbers. Days without rows are left out.
    reference : tuple of float
        The rows of the reference, and their sum: with few of them its level is known badly.
    variance : float, optional
        That of one row's number. By default the number is 0 or 1, and the variance follows from its mean.
    """

    rows: Floats
    sums: Floats
    reference: tuple[float, float]
    variance: float | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def weigh_rows(self, level: float) -> float:
        """The variance of one row's number at a level."""
        return self.variance if self.variance is not None else max(level * (1 - level), 0.0)

    def find_levels(self, starts: Integers) -> Floats:
        """The level of each day, where new levels begin at some days; days before the first have the reference's.

        Examples
        --------
        >>> series = DailySeries(np.full(3, 10.0), np.array([1.0, 5.0, 7.0]), (90.0, 9.0))
        >>> series.find_levels(np.array([1]))
        array([0.1, 0.6, 0.6])
        """
        part = np.searchsorted(starts, np.arange(len(self)), side="right")
        rows, sums = (np.bincount(part, values, minlength=len(starts) + 1) for values in (self.rows, self.sums))
        rows[0] += self.reference[0]
        sums[0] += self.reference[1]
        return np.asarray((sums / np.maximum(rows, 1e-300))[part])

    def measure_dispersion(self, starts: Integers) -> float:
        """How much more the days vary around such levels than their rows alone would; at least 1.

        References
        ----------
        McCullagh & Nelder, Generalized Linear Models (1989), section 4.5.
        """
        levels = self.find_levels(starts)
        variance = levels * (1 - levels) if self.variance is None else np.full(len(self), self.variance)
        noise = float(self.rows @ variance)
        freedom = max(len(self) - FREEDOM_PER_STEP * len(starts), 1)
        left = float(np.sum((self.sums - self.rows * levels) ** 2)) * len(self) / freedom
        return max(left / noise, 1.0) if noise > 0 else 1.0

    def split(self, days: slice, *, is_after_reference: bool = True) -> Floats:
        """Twice what the log likelihood of some days gains by a step at each of them.

        Where they do not follow the reference, a step at the first one leaves nothing before it, and gains nothing.
        """
        rows, sums = self._accumulate(days, self.reference if is_after_reference else (0.0, 0.0))
        gains = np.zeros(len(rows) - 1)
        used = rows[:-1] > 0
        before = self._likelihood(rows[:-1][used], sums[:-1][used])
        after = self._likelihood(rows[-1] - rows[:-1][used], sums[-1] - sums[:-1][used])
        gains[used] = 2 * (before + after - self._likelihood(rows[-1:], sums[-1:]))
        return gains

    def _accumulate(self, days: slice, ahead: tuple[float, float]) -> tuple[Floats, Floats]:
        """The rows and the sum before each day, and last of all days."""
        rows = ahead[0] + np.concatenate([[0.0], np.cumsum(self.rows[days])])
        sums = ahead[1] + np.concatenate([[0.0], np.cumsum(self.sums[days])])
        return rows, sums

    def _likelihood(self, rows: Floats, sums: Floats) -> Floats:
        """The log likelihood of rows of one level, which is their mean, up to a constant of all rows together."""
        if self.variance is not None:
            return np.asarray(sums**2 / (2 * self.variance * rows))
        mean = np.clip(sums / rows, 0, 1)
        xlogy = scipy.special.xlogy
        return np.asarray(rows * (xlogy(mean, mean) + xlogy(1 - mean, 1 - mean)))
