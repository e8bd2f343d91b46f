"""Draw a lender: its columns, its customers, its delays, its rule and its sizes, from a seed and a number."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import numpy as np

from benchmarks.lenders.applicants import draw_applicants
from benchmarks.lenders.draw_rule import draw_rule
from benchmarks.lenders.laws import (
    FEW_WORDS,
    MANY_WORDS,
    MOST_WORDS,
    SENTINELS,
    Law,
    Random,
    draw_boolean,
    draw_number,
    draw_steps,
    draw_words,
)
from benchmarks.lenders.leaks import is_able
from benchmarks.lenders.lender import Delays, Field, Gap, Lender, Visits, seed_purpose
from benchmarks.lenders.shapes import Shape, choose_shape, draw_size
from tasks.contract.columns import Column, Role
from tasks.contract.contract import Contract
from tasks.core.arrays import Floats

TARGETS = (
    # the positive value, the other one
    ("default", "no default"),
    ("approved", "refused"),
    ("repaid", "charged off"),
    ("late", "on time"),
    ("y", "n"),
    ("1", "0"),
)
_PILOT_ROWS = 4_000


def draw_lender(seed: int, group: str, number: int) -> Lender:
    """The lender of that number. The same arguments give the same lender."""
    shape = choose_shape(group, number)

    def random(purpose: str) -> Random:
        return seed_purpose(seed, group, number, purpose)

    visits = _draw_visits(random("visits"), shape)
    drawn = (_draw_fields(random(f"columns {attempt}"), shape, visits) for attempt in count())
    fields = next(fields for fields in drawn if not shape.leak or any(is_able(field, shape.leak) for field in fields))
    pilot = draw_applicants(fields, replace(visits, applications=1.0), _PILOT_ROWS, random("pilot"))
    rule = draw_rule(random("rule"), shape, fields, pilot.frame, pilot.loyalty)
    sizes = random("sizes")
    return Lender(
        seed,
        group,
        number,
        shape,
        _draw_contract(random("contract"), number, shape, fields, visits),
        fields,
        visits,
        _draw_delays(random("delays"), shape),
        rule,
        reference_rows=draw_size(shape.reference_rows, sizes),
        rows=draw_size(shape.rows, sizes),
    )


def _draw_visits(random: Random, shape: Shape) -> Visits:
    """Three in ten lenders have customers who come back, half of them with something that no column shows."""
    mean = shape.applications
    if mean is None:
        mean = 1.0 if shape.is_plain or random.random() >= 0.3 else float(random.uniform(1.3, 4))
    if mean <= 1:
        return Visits()
    is_close = bool(random.random() < 0.4)
    known = 0.0 if is_close else float(random.uniform(0, 0.5))
    return Visits(mean, is_close, known, float(random.choice([0.0, random.uniform(0.3, 1.0)])))


def _draw_delays(random: Random, shape: Shape) -> Delays:
    slow = shape.slow
    if slow is None:
        is_slow = not shape.is_plain and random.random() < 0.25
        slow = random.choice(["positive", "negative", "both"]) if is_slow else ""
    return Delays(slow, shape.slow_days or float(random.uniform(1, 15))) if slow else Delays()


def _draw_fields(random: Random, shape: Shape, visits: Visits) -> tuple[Field, ...]:
    low, high = (4, 20) if shape.is_plain else (3, 60)
    columns = int(np.exp(random.uniform(np.log(low), np.log(high + 1))))
    factors = int(random.integers(1, 5))
    customers_share = float(random.uniform(0.3, 0.8)) if visits.applications > 1 else 0.0
    fields = [_draw_field(random, f"column_{place}", factors, customers_share) for place in range(columns)]
    if not shape.is_plain and random.random() < 0.5:
        for place in random.permutation(columns)[: int(random.integers(1, 4))]:
            fields[place] = _give_many_words(random, fields[place])
    return tuple(_draw_gaps(random, fields))


def _draw_field(random: Random, name: str, factors: int, customers_share: float) -> Field:
    column, law, sentinel = _draw_law(random, name)
    return Field(column, law, bool(random.random() < customers_share), _draw_loadings(random, factors), None, sentinel)


def _draw_loadings(random: Random, factors: int) -> Floats:
    """Six in ten columns share something with others."""
    common = random.uniform(0.1, 0.9) if random.random() < 0.6 else 0.0
    direction = random.normal(size=factors) * (random.random(factors) < 0.7)
    length = float(np.linalg.norm(direction))
    return direction * (common**0.5 / length if length else 0.0)


def _draw_law(random: Random, name: str) -> tuple[Column, Law, tuple[float, float] | None]:
    kind = random.choice(["number", "words", "boolean", "ordered"], p=[0.6, 0.22, 0.09, 0.09])
    if kind == "number":
        sentinel, special = _draw_sentinel(random)
        number = draw_number(random)
        column = Column(name=name, role=Role.FEATURE, type="number", special=special)
        return column, number, sentinel if number.kind != "boolean" else None
    if kind == "ordered":
        steps = draw_steps(random, name)
        return Column(name=name, role=Role.FEATURE, type="category", ordered=steps.words), steps, None
    if kind == "boolean":
        return Column(name=name, role=Role.FEATURE, type="category"), draw_boolean(random), None
    words = draw_words(random, name, _draw_count(random, 2, FEW_WORDS))
    allowed = words.words if random.random() < 0.3 else None
    return Column(name=name, role=Role.FEATURE, type="category", allowed=allowed), words, None


def _draw_count(random: Random, least: int, most: int) -> int:
    return round(float(np.exp(random.uniform(np.log(least), np.log(most)))))


def _draw_sentinel(random: Random) -> tuple[tuple[float, float] | None, dict[float, str]]:
    """One number in seven holds a value that stands for something else; every other contract knows it."""
    if random.random() >= 1 / 7:
        return None, {}
    value, share = float(random.choice(SENTINELS)), float(random.uniform(0.02, 0.2))
    return (value, share), {value: "not stated"} if random.random() < 0.5 else {}


def _give_many_words(random: Random, field: Field) -> Field:
    words = draw_words(random, field.name, _draw_count(random, MANY_WORDS, MOST_WORDS))
    encoding = "frequency" if random.random() < 0.5 else None
    column = Column(name=field.name, role=Role.FEATURE, type="category", encoding=encoding)
    return replace(field, column=column, law=words, sentinel=None)


def _draw_gaps(random: Random, fields: list[Field]) -> list[Field]:
    """Missing values: of a column alone or of a group together, at random or depending on another column."""
    for group in range(len(fields)):
        free = [place for place, field in enumerate(fields) if field.gap is None]
        if not free or random.random() < 0.4:
            continue
        is_customers = fields[int(random.choice(free))].is_customers
        alike = [place for place in free if fields[place].is_customers == is_customers]
        size = 1 if random.random() < 0.7 else int(random.integers(2, 7))
        chosen = [int(place) for place in random.permutation(alike)[:size]]
        # What is a customer's may depend on a customer's column only, to be the same in all applications.
        drivers = [p for p, field in enumerate(fields) if p not in chosen and (field.is_customers or not is_customers)]
        driver = int(random.choice(drivers)) if drivers and random.random() < 0.5 else None
        share = float(np.clip(random.beta(0.7, 3.0), 0.003, 0.97))
        for place in chosen:
            fields[place] = replace(fields[place], gap=Gap(group, share, driver))
        if random.random() < 0.25:
            break
    return fields


def _draw_contract(random: Random, number: int, shape: Shape, fields: tuple[Field, ...], visits: Visits) -> Contract:
    positive, negative = TARGETS[int(random.integers(len(TARGETS)))]
    is_named = shape.is_named
    if is_named is None:
        is_named = bool(random.random() < (0.7 if visits.applications > 1 else 0.5))
    columns = [
        Column(name="application", role=Role.ID, type="text"),
        *([Column(name="customer", role=Role.CUSTOMER, type="text")] if is_named else []),
        Column(name="applied", role=Role.TIME, type="time"),
        Column(name="outcome", role=Role.TARGET, type="category", allowed=(negative, positive), positive=positive),
        *(field.column for field in fields),
    ]
    return Contract.model_validate({"name": f"lender_{number}", "query": "loan_applications.sql", "column": columns})
