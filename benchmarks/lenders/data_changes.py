"""Changes of the applicants: a column moved, words added, values gone, a unit broken, columns torn apart.

The decisions stay with their rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.special import ndtri

from benchmarks.lenders.laws import Random
from benchmarks.lenders.lender import Field
from benchmarks.lenders.planting import LIMITS, Place, Planted, Trace
from benchmarks.lenders.windows import Rows
from tasks.core.arrays import Floats

NEW_WORD = "a new one"
FACTORS = (12.0, 100.0, 1_000.0)
# Normal numbers that stand for a whole column: its quantiles.
_GRID = ndtri((np.arange(20_000) + 0.5) / 20_000)
_UNIT_SHARE = 0.05
# A correlation that is worth tearing apart.
_STRONG = 0.5


def move_column(place: Place) -> Planted | None:
    """A number's normal numbers are shifted, so that its Kolmogorov-Smirnov distance is `size` limits.

    The share of all applicants counts, also of those without a value.
    """
    random, target = place.lender.random(f"{place.purpose} column"), place.size * LIMITS.distribution_limit
    sign = float(random.choice([-1.0, 1.0]))

    def find_shift(field: Field) -> float:
        return sign * 2 * float(ndtri((1 + min(target / field.present, 0.99)) / 2))

    def measure(field: Field) -> float:
        moved = field.law.draw(_GRID + find_shift(field)).to_numpy()
        return field.present * find_distance(field.law.draw(_GRID).to_numpy(), moved)

    # A number of few values, or with many zeros, moves by less; such a column is not the one to be moved.
    field = _choose(random, place, lambda f: f.is_number and f.present >= 0.5 and measure(f) >= 0.9 * target)
    if field is None:
        return None
    rows = place.draw()
    latents = rows.applicants.latents[:, place.lender.fields.index(field)]
    before = rows.frame[field.name]
    is_value = before.notna() & (before == field.law.draw(latents))
    moved = before.where(~is_value, field.law.draw(latents + find_shift(field)))
    return Planted(_put(rows, field, moved), (field.name,), (Trace("distribution", field.name, measure(field)),))


def add_words(place: Place) -> Planted | None:
    """A word that nobody had before, for a share of all applicants."""
    random, share = place.lender.random(f"{place.purpose} column"), place.size * LIMITS.never_seen_limit
    field = _choose(random, place, lambda f: not f.is_number and not f.column.ordered and f.present >= 0.5)
    if field is None:
        return None
    rows = place.draw()
    values = rows.frame[field.name]
    chosen = _draw_present(random, values, share)
    changed = values.cat.add_categories([NEW_WORD]).mask(chosen, NEW_WORD).cat.remove_unused_categories()
    return Planted(_put(rows, field, changed), (field.name,), (Trace("never_seen", field.name, share),))


def remove_values(place: Place) -> Planted | None:
    """So many more of all applicants have no value."""
    random, share = place.lender.random(f"{place.purpose} column"), place.size * LIMITS.missing_limit
    field = _choose(random, place, lambda f: f.present >= 0.5)
    if field is None:
        return None
    rows = place.draw()
    values = rows.frame[field.name]
    changed = values.mask(_draw_present(random, values, share))
    if not field.is_number:
        changed = changed.cat.remove_unused_categories()
    return Planted(_put(rows, field, changed), (field.name,), (Trace("missing", field.name, share),))


def break_unit(place: Place) -> Planted | None:
    """A number multiplied by 12, 100 or 1,000 for 5 % of the applicants at one limit, and 10 % at two."""
    random, share = place.lender.random(f"{place.purpose} column"), place.size * _UNIT_SHARE
    kinds = ("heavy-tailed", "rounded", "counts")
    field = _choose(random, place, lambda f: f.law.kind in kinds and f.present >= 0.8)
    if field is None:
        return None
    rows, factor = place.draw(), float(random.choice(FACTORS))
    before = rows.frame[field.name]
    known = [field.sentinel[0]] if field.sentinel else []
    chosen = _draw_present(random, before.mask(before.isin(known)), share)
    reference = place.reference.frame[field.name].dropna()
    # A sentinel that the contract does not name is the greatest number that the monitor knows.
    greatest = float(reference[~reference.isin(list(field.column.special))].max())
    reference = reference[~reference.isin(known)].to_numpy()
    beyond = share * float(np.mean(factor * reference > greatest))
    distance = share * find_distance(reference, factor * reference)
    traces = (Trace("distribution", field.name, distance), Trace("never_seen", field.name, beyond))
    return Planted(_put(rows, field, before.mask(chosen, factor * before)), (field.name,), traces)


def tear_apart(place: Place) -> Planted | None:
    """The values of a column change places among half of the rows at one limit, among all at two.

    The column is the one that hangs together most with others. Nothing says how well that can be seen.
    """
    fields, random = place.lender.fields, place.lender.random(f"{place.purpose} column")
    is_able = [field.present >= 0.8 and (field.is_number or field.column.ordered is not None) for field in fields]
    loadings = np.array([field.loadings * able for field, able in zip(fields, is_able, strict=True)])
    squares = (loadings @ loadings.T) ** 2
    np.fill_diagonal(squares, 0.0)
    together = np.where(squares.max(axis=1) >= _STRONG**2, squares.sum(axis=1), 0.0)
    if not together.any():
        return None
    field = fields[int(np.argmax(together))]
    rows = place.draw()
    values = rows.frame[field.name]
    chosen = np.flatnonzero(random.random(len(values)) < place.size / 2)
    order = np.arange(len(values))
    order[chosen] = random.permutation(chosen)
    return Planted(_put(rows, field, values.iloc[order].reset_index(drop=True)), (field.name,))


def find_distance(one: Floats, other: Floats) -> float:
    """The Kolmogorov-Smirnov distance of two samples."""
    ends = np.concatenate([one, other])
    shares = (np.searchsorted(np.sort(values), ends, side="right") / len(values) for values in (one, other))
    return float(np.max(np.abs(np.subtract(*shares))))


def _choose(random: Random, place: Place, is_able: Callable[[Field], bool]) -> Field | None:
    able = [field for field in place.lender.fields if is_able(field)]
    return able[int(random.integers(len(able)))] if able else None


def _draw_present(random: Random, values: pd.Series, share: float) -> pd.Series:
    """Rows that have a value, drawn at random, so many that they are a share of all rows."""
    present = values.notna()
    return present & (random.random(len(values)) < share / max(float(present.mean()), share))


def _put(rows: Rows, field: Field, values: pd.Series) -> Rows:
    return replace(rows, frame=rows.frame.assign(**{field.name: values}))
