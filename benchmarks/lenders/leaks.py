"""Leaks: what a column of a lender tells of the outcome because it is written after it, in every window alike."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.lenders.laws import Random
from benchmarks.lenders.lender import Field, Lender
from tasks.core.arrays import Mask

CODE = "closed by staff"
_SCALE = 100.0


def find_leaking(lender: Lender) -> tuple[str, bool, float] | None:
    """The column, the outcome that it tells, and in what share of its rows; None where no column can tell.

    The outcome is the rarer one where one is rare: among rows that are nearly all alike nothing shows.
    """
    random = lender.random("leak")
    able = [field for field in lender.fields if is_able(field, lender.shape.leak)]
    rarer = lender.rule.rate < 0.5
    if not able or not lender.shape.leak:
        return None
    told = bool(rarer if min(lender.rule.rate, 1 - lender.rule.rate) < 0.25 else random.random() < 0.5)
    return able[int(random.integers(len(able)))].name, told, float(random.uniform(0.1, 0.4))


def is_able(field: Field, kind: str) -> bool:
    """Whether a leak of that kind can be written into the column."""
    if field.present < 0.8:
        return False
    if kind == "code":
        return not field.is_number and not field.column.ordered
    if kind == "scale":
        return field.law.kind in ("heavy-tailed", "rounded", "date")
    return field.gap is None


def plant_leak(lender: Lender, frame: pd.DataFrame, is_positive: Mask, random: Random) -> pd.DataFrame:
    """The features, one of which tells the outcome of some rows."""
    chosen = find_leaking(lender)
    if chosen is None:
        return frame
    name, told, share = chosen
    is_told = (is_positive == told) & (random.random(len(frame)) < share)
    return frame.assign(**{name: _write(frame[name], is_told, lender.shape.leak)})


def _write(values: pd.Series, is_told: Mask, kind: str) -> pd.Series:
    if kind == "code":
        return values.cat.add_categories([CODE]).mask(is_told, CODE).cat.remove_unused_categories()
    if kind == "missing":
        return values.mask(is_told)
    return values.mask(is_told & np.asarray(values.notna()), values * _SCALE)
