"""Applicants: the rows of a window before anything is decided, with the customers to whom they belong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from benchmarks.lenders.laws import Random
from benchmarks.lenders.lender import Field, Visits
from tasks.core.arrays import Floats, Integers, Mask

# How much of a column's reason to be missing is the column that it depends on.
_DRIVEN = 0.7
# What the factors of an application share with those of its customer.
_KEPT = 0.5


@dataclass(frozen=True, eq=False)
class Noise:
    """Independent normal numbers of a row: of the common factors, of each column, of each gap and of each sentinel."""

    factors: Floats
    own: Floats
    gaps: Floats
    sentinels: Floats

    def take(self, rows: Integers) -> Noise:
        """Those of some rows, which may repeat."""
        return Noise(self.factors[rows], self.own[rows], self.gaps[rows], self.sentinels[rows])

    def join(self, other: Noise) -> Noise:
        """These rows and then others."""
        pairs = ((getattr(self, name), getattr(other, name)) for name in self.__dataclass_fields__)
        return Noise(*(np.concatenate(pair) for pair in pairs))


@dataclass(frozen=True, eq=False)
class Customers:
    """The customers of a window: their names, their share of every row's noise, and their own log odds."""

    names: Integers
    noise: Noise
    loyalty: Floats

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True, eq=False)
class Applicants:
    """The rows: their features, the normal numbers behind these (row by column), and the customer of each.

    `frame` has the columns of the features only.
    """

    frame: pd.DataFrame
    latents: Floats
    customers: Customers
    owner: Integers

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def loyalty(self) -> Floats:
        """The customers' own log odds, row by row."""
        return self.customers.loyalty[self.owner]


def draw_applicants(
    fields: Sequence[Field], visits: Visits, rows: int, random: Random, known: Customers | None = None
) -> Applicants:
    """So many rows. A share of their customers are among the `known` ones, if there are any."""
    visits_each = random.geometric(1 / visits.applications, rows)
    customers = int(np.searchsorted(np.cumsum(visits_each), rows) + 1)
    owner = random.permutation(np.repeat(np.arange(customers), visits_each[:customers])[:rows])
    returning = round(visits.known * customers) if known is not None else 0
    people = _draw_customers(fields, visits, customers - min(returning, len(known or ())), random)
    if known is not None and returning:
        chosen = random.permutation(len(known))[:returning]
        people = Customers(
            np.concatenate([known.names[chosen], people.names]),
            known.noise.take(chosen).join(people.noise),
            np.concatenate([known.loyalty[chosen], people.loyalty]),
        )
        owner = random.permutation(customers)[owner]
    noise = people.noise.take(owner)
    if visits.applications > 1:
        noise = _mix(fields, noise, _draw_noise(fields, rows, random))
    latents = _combine(fields, noise, visits)
    return Applicants(_make_frame(fields, latents, noise), latents, people, owner)


def _draw_customers(fields: Sequence[Field], visits: Visits, count: int, random: Random) -> Customers:
    names = random.integers(10**11, 10**12, count)
    return Customers(names, _draw_noise(fields, count, random), random.normal(0, visits.loyalty, count))


def _draw_noise(fields: Sequence[Field], rows: int, random: Random) -> Noise:
    groups = max((field.gap.group + 1 for field in fields if field.gap), default=0)
    sizes = (len(fields[0].loadings), len(fields), groups, len(fields))
    return Noise(*(random.normal(size=(rows, size)) for size in sizes))


def _mix(fields: Sequence[Field], customers: Noise, rows: Noise) -> Noise:
    """The customers' noise in their own columns, a row's own in the others; factors are kept in `customers`."""
    is_customers = np.array([field.is_customers for field in fields])
    gaps = np.zeros(customers.gaps.shape[1], dtype=bool)
    for field in fields:
        if field.gap is not None:
            gaps[field.gap.group] = field.is_customers
    return Noise(
        np.stack([customers.factors, _KEPT**0.5 * customers.factors + (1 - _KEPT) ** 0.5 * rows.factors]),
        np.where(is_customers, customers.own, rows.own),
        np.where(gaps, customers.gaps, rows.gaps),
        np.where(is_customers, customers.sentinels, rows.sentinels),
    )


def _combine(fields: Sequence[Field], noise: Noise, visits: Visits) -> Floats:
    """The normal number of each column: its loadings on the factors, and the rest its own."""
    loadings = np.column_stack([field.loadings for field in fields])
    left = np.sqrt(np.maximum(1 - np.sum(loadings**2, axis=0), 0.0))
    if visits.applications <= 1:
        return np.asarray(noise.factors @ loadings + noise.own * left)
    is_customers = np.array([field.is_customers for field in fields])
    theirs, this = noise.factors
    return np.where(is_customers, theirs @ loadings, this @ loadings) + noise.own * left


def _make_frame(fields: Sequence[Field], latents: Floats, noise: Noise) -> pd.DataFrame:
    values = {field.name: field.law.draw(latents[:, place]) for place, field in enumerate(fields)}
    for place, field in enumerate(fields):
        values[field.name] = hide_values(field, values[field.name], find_hidden(fields, place, latents, noise))
    return pd.DataFrame(values)


def hide_values(field: Field, values: pd.Series, hidden: tuple[Mask, Mask]) -> pd.Series:
    """A column with its sentinels and its missing values."""
    is_sentinel, is_missing = hidden
    if field.sentinel is not None:
        values = values.mask(is_sentinel, field.sentinel[0])
    values = values.mask(is_missing)
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.cat.remove_unused_categories()
    return values


def find_hidden(fields: Sequence[Field], place: int, latents: Floats, noise: Noise) -> tuple[Mask, Mask]:
    """Which rows of a column hold its sentinel, and which nothing."""
    field, none = fields[place], np.zeros(len(latents), dtype=bool)
    is_sentinel = none if field.sentinel is None else noise.sentinels[:, place] < ndtri(field.sentinel[1])
    if field.gap is None:
        return is_sentinel, none
    reason = noise.gaps[:, field.gap.group]
    if field.gap.driver is not None:
        reason = _DRIVEN**0.5 * latents[:, field.gap.driver] + (1 - _DRIVEN) ** 0.5 * reason
    return is_sentinel, reason < ndtri(field.gap.share)
