"""How far a change goes, in multiples of its limit: the one measure by which pages, messages and orders compare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tasks.core.wording import AUC

NO_EFFECT_AUC = 0.5  # a model that tells nothing apart
COUNTS = ("rows", "times", "days")  # which have a least or usual number and no change that could be a multiple of it


def count_limits(effect: float | None, limit: float | None, unit: str, standard_error: float | None = None) -> float:
    """A change, less one standard error where it is given, in multiples of its limit; 0 where that is no number.

    A count has no multiple: 2,000 rows where 200 are the least are ten times the limit, and good.

    Examples
    --------
    >>> count_limits(0.12, 0.06, "share of applicants")
    2.0
    >>> round(count_limits(0.493, 0.55, "AUC"), 3), round(count_limits(0.60, 0.55, "AUC"), 3)
    (-0.14, 2.0)
    >>> count_limits(2000, 200, "rows")
    0.0
    """
    if effect is None or limit is None or not has_multiple(effect, limit, unit):
        return 0.0
    start = find_start(limit, unit)
    return float((effect - start - (standard_error or 0.0)) / (limit - start))


def weigh_record(finding: Mapping[str, Any]) -> float:
    """The change of a finding in summary.json, less one standard error, in multiples of its limit."""
    return count_limits(finding["effect"], finding["limit"], finding["unit"], finding["standard_error"])


def has_multiple(effect: float | None, limit: float | None, unit: str) -> bool:
    """Whether a change can be told in multiples of its limit."""
    return effect is not None and bool(limit) and unit not in COUNTS


def find_start(limit: float, unit: str) -> float:
    """The value that means no change at all: 0 of a share.

    An AUC with a limit above 0.5, as of the joint distribution, starts at 0.5, where nothing is told apart; one with a
    lower limit is a loss of AUC, and starts at 0.
    """
    return NO_EFFECT_AUC if unit == AUC and limit > NO_EFFECT_AUC else 0.0
