"""Changes of the decisions: the rate moved, labels flipped, a column's effect reversed. The applicants stay."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

from benchmarks.lenders.applicants import Applicants
from benchmarks.lenders.planting import LIMITS, Place, Planted, Trace
from benchmarks.lenders.rule import find_intercept
from benchmarks.lenders.windows import find_odds
from tasks.core.arrays import Floats

_RARE = 0.05
_RARE_FACTORS = {1.0: 1.5, 2.0: 2.5}
_STEPS = 30


def move_rate(place: Place) -> Planted:
    """All log odds move, so that the rate moves by `size` limits; the share of a rare outcome times 1.5 or 2.5."""
    rate, random = place.lender.rule.rate, place.lender.random(f"{place.purpose} direction")
    rarer = min(rate, 1 - rate)
    if rarer < _RARE:
        step = rarer * (_RARE_FACTORS[place.size] - 1)
        return _shift_rate(place, step if rate < 0.5 else -step)
    # Towards the middle where the other way would leave hardly any of the outcome.
    sign = np.sign(0.5 - rate) if rarer < 0.15 else random.choice([-1, 1])
    return _shift_rate(place, float(sign) * place.size * LIMITS.label_limit)


def raise_rate(place: Place, rate: float) -> Planted:
    """All log odds move, so that the rate becomes this."""
    return _shift_rate(place, rate - place.lender.rule.rate)


def _shift_rate(place: Place, step: float) -> Planted:
    def alter(applicants: Applicants, odds: Floats) -> Floats:
        return np.asarray(odds + find_intercept(odds, float(expit(odds).mean()) + step))

    return Planted(place.draw(alter), (), (Trace("approval_rate", "", abs(step)),))


def flip_labels(place: Place) -> Planted:
    """The outcome of a random share is inverted: the probability p moves by that share of |1 - 2p|."""
    chances = place.reference.usual
    share = min(place.size * LIMITS.concept_limit / float(np.mean(np.abs(1 - 2 * chances))), 1.0)

    def alter(applicants: Applicants, odds: Floats) -> Floats:
        usual = expit(odds)
        return np.asarray(logit(np.clip(usual + share * (1 - 2 * usual), 1e-12, 1 - 1e-12)))

    return Planted(place.draw(alter))


def reverse_effect(place: Place) -> Planted:
    """What the weightiest part of the rule adds is taken away, or more, until the probabilities move enough.

    The rate stays. Where even four times as much is not enough, it is four times as much.
    """
    lender, reference = place.lender, place.reference
    values = lender.rule.measure_terms(reference.applicants.frame)
    term = int(np.argmax(values.std(axis=0)))
    part, odds = values[:, term] - values[:, term].mean(), find_odds(lender, reference.applicants)
    rate, target = float(reference.usual.mean()), place.size * LIMITS.concept_limit
    low, high = 0.0, 4.0
    for _ in range(_STEPS):
        factor = (low + high) / 2
        shift = find_intercept(odds - factor * part, rate)
        moved = float(np.mean(np.abs(expit(odds - factor * part + shift) - reference.usual)))
        low, high = (factor, high) if moved < target else (low, factor)

    def alter(applicants: Applicants, odds: Floats) -> Floats:
        added = lender.rule.measure_terms(applicants.frame)[:, term] - values[:, term].mean()
        return np.asarray(odds - factor * added + shift)

    return Planted(place.draw(alter), lender.rule.columns[term])
