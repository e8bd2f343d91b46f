"""Foreign scores: made-up models whose scores are no probabilities, and the applicants that they score.

Each family has a score and a chance of the positive decision, both functions of one hidden number; its applicants
change by their distribution of that number, so that the share of the positive decision at a score stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit
from scipy.stats import norm

from tasks.core.arrays import Floats

Curve = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Family:
    """A kind of score. `chance` and `score` are functions of the hidden number, standard normal in the reference."""

    name: str
    chance: Curve
    score: Curve


@dataclass(frozen=True)
class Applicants:
    """Whom a chunk holds: the mean and the standard deviation of the hidden number."""

    name: str
    mean: float
    deviation: float


@dataclass(frozen=True, eq=False)
class Chunk:
    """Scores rounded to two decimals, the decisions, and the chances that these were drawn with."""

    scores: Floats
    labels: Floats
    chances: Floats


def _count_points(hidden: Floats) -> Floats:
    return np.round(600 + 40 * hidden)


def _reverse_tail(hidden: Floats) -> Floats:
    return np.where(hidden < 1.0, hidden, 2.0 - hidden)


FAMILIES = (
    Family("squashed log odds", lambda u: expit(1.8 * u + 1.0), lambda u: expit(0.5 * u + 0.3)),
    Family(
        "points through a wrong sigmoid", lambda u: expit(1.5 * u - 1.0), lambda u: expit((_count_points(u) - 640) / 25)
    ),
    Family("over-confident", lambda u: expit(1.3 * u + 0.5), lambda u: expit(3.0 * u)),
    Family("skewed, probit", lambda u: norm.cdf(1.4 * u + 0.2), lambda u: expit(1.5 * u) ** 3),
    Family("one step", lambda u: np.where(u < 0.3, 0.1, 0.75) + 0.08 * expit(u), expit),
    Family("reversed tail", lambda u: expit(1.6 * _reverse_tail(u) + 0.5), lambda u: expit(1.2 * u)),
)
SAME = Applicants("same", 0.0, 1.0)
LOWER = Applicants("lower", -0.6, 0.8)
HIGHER = Applicants("higher", 0.7, 0.9)
MIXED = Applicants("more at both ends", 0.1, 1.25)
EVERYONE = (SAME, LOWER, HIGHER, MIXED)


def draw_chunk(family: Family, applicants: Applicants, rows: int, random: np.random.Generator) -> Chunk:
    """So many applicants with their scores and decisions."""
    hidden = applicants.mean + applicants.deviation * random.normal(size=rows)
    chances = np.asarray(family.chance(hidden))
    return Chunk(np.round(family.score(hidden), 2), (random.random(rows) < chances).astype(float), chances)
