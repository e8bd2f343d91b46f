"""Draw a rule: the columns that decide, smoothly or by steps, boxes and small trees."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from benchmarks.lenders.laws import Random
from benchmarks.lenders.lender import Field
from benchmarks.lenders.rule import Read, Rule, Term, make_reader, scale_rule
from benchmarks.lenders.shapes import Shape
from tasks.core.arrays import Floats

_RARE = 0.15
_FLAG_WEIGHT = 0.8


def draw_rule(random: Random, shape: Shape, fields: Sequence[Field], pilot: pd.DataFrame, noise: Floats) -> Rule:
    """A rule of two to eight columns, scaled on the pilot, whose customers have log odds of their own (`noise`)."""
    rate = random.uniform(*shape.rate) if shape.rate else _draw_rate(random)
    area = random.uniform(*shape.area)
    is_smooth = bool(random.random() < 0.5) if shape.is_smooth is None else shape.is_smooth
    # A column that is hardly filled, or nearly always the same, ranks nobody.
    able = [field for field in fields if field.present >= 0.3 and len(pilot[field.name].unique()) > 1] or list(fields)
    order = random.permutation(len(able))[: int(random.integers(2, 9))]
    chosen = [able[place] for place in order]
    readers = {field.name: _draw_reader(random, field, pilot) for field in chosen}
    # Words and flags: a column of few values that decides alone could not be told from a leak.
    words = {field.name for field in chosen if not field.is_number or field.law.kind == "boolean"}
    weights = {name: _FLAG_WEIGHT if name in words else float(random.normal()) for name in readers}
    terms = [((name,), _weigh(name, read, weights[name])) for name, read in readers.items()]
    if not is_smooth:
        numbers = {name: read for name, read in readers.items() if name not in words} or readers
        terms = terms[: max(len(terms) // 2, 1)] + [_draw_jag(random, numbers) for _ in range(random.integers(2, 6))]
    is_fixed = [len(names) == 1 and names[0] in words for names, _ in terms]
    rule = Rule(
        tuple(term for _, term in terms),
        tuple(names for names, _ in terms),
        np.ones(len(terms)),
        np.array(is_fixed),
        0.0,
        float(rate),
        float(area),
        is_smooth,
    )
    return scale_rule(rule, pilot, noise)


def _draw_rate(random: Random) -> float:
    """0.5 % to 99 %: three in five between 15 and 85 %, the others towards the ends on a logarithmic scale."""
    where = random.random()
    if where < 0.6:
        return float(random.uniform(_RARE, 1 - _RARE))
    if where < 0.8:
        return float(np.exp(random.uniform(np.log(0.005), np.log(_RARE))))
    return float(1 - np.exp(random.uniform(np.log(0.01), np.log(_RARE))))


def _draw_reader(random: Random, field: Field, pilot: pd.DataFrame) -> Read:
    special = [field.sentinel[0]] if field.sentinel else []
    missing = float(random.normal(0, 0.5)) if random.random() < 0.5 else 0.0
    return make_reader(pilot[field.name], special, missing, random)


def _weigh(name: str, read: Read, weight: float) -> Term:
    return lambda frame: weight * read(frame[name])


def _draw_jag(random: Random, readers: dict[str, Read]) -> tuple[tuple[str, ...], Term]:
    return _JAGS[int(random.integers(len(_JAGS)))](random, readers)


def _draw_height(random: Random) -> float:
    return float(random.choice([-1.0, 1.0]) * random.uniform(0.5, 1.5))


def _draw_step(random: Random, readers: dict[str, Read]) -> tuple[tuple[str, ...], Term]:
    name, end, height = str(random.choice(list(readers))), random.normal(0, 0.8), _draw_height(random)
    read = readers[name]
    return (name,), lambda frame: height * (read(frame[name]) > end)


def _draw_box(random: Random, readers: dict[str, Read]) -> tuple[tuple[str, ...], Term]:
    """Another level where two columns are beyond their limits at once."""
    names = [str(name) for name in random.permutation(list(readers))[:2]]
    ends, height = random.normal(0, 0.6, len(names)), _draw_height(random)

    def measure(frame: pd.DataFrame) -> Floats:
        inside = [readers[name](frame[name]) > end for name, end in zip(names, ends, strict=True)]
        return height * np.all(inside, axis=0)

    return tuple(names), measure


def _draw_tree(random: Random, readers: dict[str, Read]) -> tuple[tuple[str, ...], Term]:
    """A full tree of three questions."""
    names = [str(name) for name in random.choice(list(readers), 3)]
    ends, leaves = random.normal(0, 0.6, 3), random.normal(0, 1.0, 8)

    def measure(frame: pd.DataFrame) -> Floats:
        leaf = np.zeros(len(frame), dtype=int)
        for name, end in zip(names, ends, strict=True):
            leaf = 2 * leaf + (readers[name](frame[name]) > end)
        return np.asarray(leaves[leaf])

    return tuple(dict.fromkeys(names)), measure


_JAGS: tuple[Callable[[Random, dict[str, Read]], tuple[tuple[str, ...], Term]], ...] = (
    _draw_step,
    _draw_box,
    _draw_tree,
)
