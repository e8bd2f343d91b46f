"""How sure is a share that was counted?"""

from __future__ import annotations

import scipy


def bound_share(hits: int, tries: int, confidence: float = 0.95) -> tuple[float, float]:
    """The interval that holds the true share with at least that confidence (Clopper & Pearson 1934)."""
    if not tries:
        return 0.0, 1.0
    tail = (1 - confidence) / 2
    low = float(scipy.stats.beta.ppf(tail, hits, tries - hits + 1)) if hits else 0.0
    high = float(scipy.stats.beta.isf(tail, hits + 1, tries - hits)) if hits < tries else 1.0
    return low, high
