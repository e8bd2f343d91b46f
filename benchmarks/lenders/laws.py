"""Laws: how a standard normal number becomes a value of a column, each rising with it.

So a column of any law can depend on others (their normal numbers are correlated), and can be moved by a known
Kolmogorov-Smirnov distance (its normal number is).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from tasks.core.arrays import Floats, Integers

Random = np.random.Generator
Numbers = Callable[[Floats], Floats]

SENTINELS = (-1.0, -9.0, 999.0, 9_999.0, 999_999.0, 99_999_999.0)
MOST_WORDS, MANY_WORDS, FEW_WORDS = 5_000, 200, 60


@dataclass(frozen=True, eq=False)
class NumberLaw:
    """A number. `is_smooth`: hardly two rows share a value, so that a shift moves each of them."""

    kind: str
    make: Numbers
    is_smooth: bool = True

    def draw(self, latent: Floats) -> pd.Series:
        """The values of normal numbers."""
        return pd.Series(self.make(latent), dtype="float64")


@dataclass(frozen=True, eq=False)
class WordLaw:
    """A category: `shares` and `order` of its words along the normal number."""

    kind: str
    words: tuple[str, ...]
    ends: Floats
    order: Integers = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def draw(self, latent: Floats) -> pd.Series:
        """The words of normal numbers; only those that occur are categories, as in an extract."""
        places = np.searchsorted(self.ends, ndtr(latent)).clip(max=len(self.words) - 1)
        codes = self.order[places] if len(self.order) else places
        return pd.Series(pd.Categorical.from_codes(codes, list(self.words)).remove_unused_categories())


Law = NumberLaw | WordLaw


def draw_number(random: Random) -> NumberLaw:
    """One of the kinds of numbers that tables hold."""
    kind = str(random.choice(list(_NUMBERS), p=[0.2, 0.2, 0.08, 0.16, 0.14, 0.1, 0.08, 0.04]))
    return _NUMBERS[kind](random)


def _draw_normal(random: Random) -> NumberLaw:
    middle, spread, digits = 10 ** random.uniform(0, 4), 10 ** random.uniform(0, 3), int(random.integers(1, 4))
    return NumberLaw("normal", lambda u: np.round(middle + spread * u, digits))


def _draw_lognormal(random: Random) -> NumberLaw:
    middle, sigma = 10 ** random.uniform(1, 5), random.uniform(0.3, 1.8)
    return NumberLaw("heavy-tailed", lambda u: np.round(middle * np.exp(sigma * u), 2))


def _draw_two_tails(random: Random) -> NumberLaw:
    middle, spread, weight = random.uniform(-100, 100), 10 ** random.uniform(0, 3), random.uniform(0.8, 1.5)
    return NumberLaw("two heavy tails", lambda u: np.round(middle + spread * np.sinh(weight * u), 3))


def _draw_rounded(random: Random) -> NumberLaw:
    step, steps, sigma = float(random.choice([10, 100, 1_000])), random.uniform(5, 60), random.uniform(0.3, 1.0)
    return NumberLaw("rounded", lambda u: step * np.round(steps * np.exp(sigma * u)), is_smooth=False)


def _draw_zeros(random: Random) -> NumberLaw:
    zeros, middle, sigma = random.uniform(0.2, 0.9), 10 ** random.uniform(1, 5), random.uniform(0.5, 1.5)

    def make(latent: Floats) -> Floats:
        above = np.clip((ndtr(latent) - zeros) / (1 - zeros), 1e-12, 1 - 1e-12)
        return np.where(ndtr(latent) < zeros, 0.0, np.round(middle * np.exp(sigma * ndtri(above)), 2))

    return NumberLaw("many zeros", make, is_smooth=False)


def _draw_counts(random: Random) -> NumberLaw:
    middle, sigma = random.uniform(0.5, 12), random.uniform(0.4, 1.0)
    return NumberLaw("counts", lambda u: np.floor(middle * np.exp(sigma * u)), is_smooth=False)


def _draw_date(random: Random) -> NumberLaw:
    """A year, a month's number (202407), or years since something, with a fraction."""
    last, span, form = random.integers(1990, 2024), random.uniform(8, 60), random.choice(["year", "month", "since"])

    def make(latent: Floats) -> Floats:
        since = span * ndtr(latent) ** 1.5
        if form == "since":
            return np.round(since, 2)
        year = last - since
        return np.floor(year) if form == "year" else 100 * np.floor(year) + np.floor(12 * (year % 1)) + 1

    return NumberLaw("date", make, is_smooth=form != "year")


def _draw_flag(random: Random) -> NumberLaw:
    end = random.uniform(-1.8, 1.8)
    return NumberLaw("boolean", lambda u: (u > end).astype(float), is_smooth=False)


_NUMBERS: dict[str, Callable[[Random], NumberLaw]] = {
    "normal": _draw_normal,
    "lognormal": _draw_lognormal,
    "two tails": _draw_two_tails,
    "rounded": _draw_rounded,
    "zeros": _draw_zeros,
    "counts": _draw_counts,
    "date": _draw_date,
    "flag": _draw_flag,
}


def draw_words(random: Random, name: str, count: int) -> WordLaw:
    """So many words under a Zipf law."""
    shares = np.arange(1, count + 1, dtype=float) ** -random.uniform(0.6, 1.4)
    order = random.permutation(count)
    ends = np.cumsum(shares[order] / shares.sum())
    return WordLaw("words", tuple(f"{name} {place}" for place in range(count)), ends, order)


def draw_boolean(random: Random) -> WordLaw:
    """Yes or no."""
    return WordLaw("boolean", ("no", "yes"), np.array([random.uniform(0.05, 0.95), 1.0]))


def draw_steps(random: Random, name: str) -> WordLaw:
    """Three to eight categories in an order."""
    shares = random.dirichlet(np.full(random.integers(3, 9), 3.0))
    return WordLaw("ordered", tuple(f"{name} {place}" for place in range(len(shares))), np.cumsum(shares))
