"""A made-up lender of a wide table: requests by twelve hidden traits of the applicants, one rule, nothing changes.

Numbers of several scales and shapes, some missing; codes and flags; categories of 2 to 40 words, some missing, some
ordered. Every tenth column tells something of the decision, and the others what these share with them.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.random import Generator
from pyarrow import csv
from sqlalchemy import Engine, text

from blocks.postgres.copy import copy_file
from tasks.core.arrays import Floats

TRAITS = 12
DERIVED = 4
TELLING = 10  # every so many columns one tells something of the decision
# A page of PostgreSQL holds 8 kB, and a row has to fit into it: 1,000 columns of eight bytes do not.
TYPES = ("real", "real", "smallint", "smallint")
CHUNK_ROWS = 10_000


@dataclass(frozen=True)
class Shape:
    """How many columns a lender's table has, and how many requests come in each month."""

    name: str
    columns: int
    months: Mapping[str, int]

    @property
    def table(self) -> str:
        """The table's name."""
        return f"{self.name}_requests"

    def name_column(self, place: int) -> str:
        """The name of the feature at a place."""
        return f"{'word' if is_word(place) else 'number'}_{place:03}"

    @property
    def places(self) -> range:
        """The places of the features: all columns but number, time and answer."""
        return range(self.columns - 3)


def is_word(place: int) -> bool:
    """Whether the feature at a place is a category."""
    return place % 5 == 4


def make_lender(shape: Shape, folder: Path, engine: Engine) -> None:
    """The lender's table in the database, and its contract and query in the folder."""
    names = list_names(shape)
    types = ["text", "timestamp", *("text" if is_word(p) else TYPES[p % len(TYPES)] for p in shape.places), "text"]
    columns = ", ".join(f"{name} {kind}" for name, kind in zip(names, types, strict=True))
    with engine.begin() as connection:
        connection.execute(text(f"drop table if exists {shape.table}"))
        connection.execute(text(f"create table {shape.table} ({columns})"))
        for month in shape.months:
            for rows in make_month(shape, month, seed=11):
                written = io.BytesIO()
                csv.write_csv(pa.Table.from_pandas(rows[names], preserve_index=False), written)
                written.seek(0)
                copy_file(connection, shape.table, tuple(names), written)
    (folder / f"{shape.name}.sql").write_text(
        f"select {', '.join(names)} from {shape.table}\nwhere asked_at >= %(start)s and asked_at < %(end)s::date + 1\n",
        encoding="utf-8",
    )
    (folder / f"{shape.name}.toml").write_text(describe_lender(shape, names), encoding="utf-8")


def list_names(shape: Shape) -> list[str]:
    """All columns of the table."""
    return ["request_no", "asked_at", *map(shape.name_column, shape.places), "answer"]


def make_month(shape: Shape, month: str, seed: int) -> Iterator[pd.DataFrame]:
    """The requests of a month, some at a time; they depend on the seed, the month and the columns only."""
    count = shape.months[month]
    for start in range(0, count, CHUNK_ROWS):
        rng = np.random.default_rng([seed, *map(int, month.split("-")), start])
        yield _make_requests(shape, month, (start, min(start + CHUNK_ROWS, count)), rng)


def _make_requests(shape: Shape, month: str, numbers: tuple[int, int], rng: Generator) -> pd.DataFrame:
    first, end = numbers
    count = end - first
    traits = rng.normal(size=(count, TRAITS))
    minutes = pd.to_timedelta(rng.integers(0, 28 * 24 * 60, count), unit="min")
    found: dict[str, Any] = {
        "request_no": [f"{month}/{number}" for number in range(first, end)],
        "asked_at": pd.Timestamp(f"{month}-01") + minutes,
    }
    wish = np.zeros(count)
    for place in shape.places:
        felt = 0.7 * traits[:, place % TRAITS] + 0.7 * rng.normal(size=count)
        wish += felt if place % TELLING == 0 else 0
        found[shape.name_column(place)] = (_make_words if is_word(place) else _make_numbers)(rng, felt, place)
    chances = 1 / (1 + np.exp(-1.2 * wish / _measure_spread(shape)))
    found["answer"] = np.where(rng.random(count) < chances, "yes", "no")
    return pd.DataFrame(found)


def _measure_spread(shape: Shape) -> float:
    """The standard deviation of what the telling columns say together."""
    sharing = np.bincount([place % TRAITS for place in shape.places if place % TELLING == 0], minlength=TRAITS)
    return float(0.7 * np.sqrt(np.sum(sharing**2 + sharing)))


def _make_numbers(rng: Generator, felt: Floats, place: int) -> Any:
    """Amounts, shares, counts, or flags; a third of the columns have missing values."""
    shapes = (
        lambda: np.round(np.exp(8 + felt), 2).astype(np.float32),
        lambda: np.round(felt, 4).astype(np.float32),
        lambda: np.floor(np.exp(1 + 0.5 * felt)),
        lambda: (felt > 0.5).astype(float),
    )
    numbers = pd.array(shapes[place % len(shapes)](), dtype="Float32" if place % len(shapes) < 2 else "Int16")
    if place % 3 == 0:
        numbers[rng.random(len(numbers)) < 0.02 + 0.25 * np.random.default_rng(place).random()] = pd.NA
    return numbers


def _make_words(rng: Generator, felt: Floats, place: int) -> Any:
    """Words by the order of what is felt; every fourth column has missing ones."""
    levels = count_words(place)
    ranks = np.clip(((felt + 2.5) / 5 * levels).astype(int), 0, levels - 1)
    if place // 5 % 4 == 0:
        ranks[rng.random(len(ranks)) < 0.1] = -1
    return pd.Categorical.from_codes(ranks, list_words(place))


def count_words(place: int) -> int:
    """How many words the category at a place has."""
    return (2, 4, 7, 12, 20, 40)[place // 5 % 6]


def list_words(place: int) -> list[str]:
    """The words of the category at a place."""
    return [f"w{level:02}" for level in range(count_words(place))]


def describe_lender(shape: Shape, names: list[str]) -> str:
    """A contract as `flows.describe` would draft it, with some ordered and some frequency columns and some ratios."""
    lines = [f'name = "{shape.name}"', 'description = "Made-up requests of many columns."']
    lines += [f'query = "{shape.name}.sql"', "", "[[source]]", f'table = "{shape.table}"']
    lines += [f"columns = {json.dumps(names)}", ""]
    described = {
        "request_no": ['role = "id"', 'type = "text"'],
        "asked_at": ['role = "time"', 'type = "time"'],
        **{shape.name_column(place): _describe(place) for place in shape.places},
        "answer": ['role = "target"', 'type = "category"', 'allowed = ["no", "yes"]', 'positive = "yes"'],
    }
    for name in names:
        lines += ["[[column]]", f'name = "{name}"', *described[name], ""]
    numbers = [shape.name_column(place) for place in shape.places if not is_word(place)]
    for place in range(DERIVED):
        over, under = numbers[4 * place], numbers[4 * place + 40]
        lines += ["[[derived]]", f'name = "ratio_{place}"', f'numerator = "{over}"', f'denominator = "{under}"', ""]
    return "\n".join(lines)


def _describe(place: int) -> list[str]:
    if not is_word(place):
        return ['role = "feature"', 'type = "number"']
    words, count = json.dumps(list_words(place)), count_words(place)
    if count == 7:
        return ['role = "feature"', 'type = "category"', f"ordered = {words}"]
    encoding = "frequency" if count == 40 else "one_hot"
    return ['role = "feature"', 'type = "category"', f"allowed = {words}", f'encoding = "{encoding}"']
