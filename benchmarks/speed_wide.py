"""Speed of a wide table: a made-up lender of 300 columns, whose first run trains a champion and whose next is quiet.

The rows come from twelve hidden traits of the applicants: numbers of several scales and shapes, some missing; codes and
flags; categories of 2 to 40 words, some missing, some ordered. 28 of the columns tell something of the decision.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.random import Generator
from sqlalchemy import Engine, text

from blocks.postgres.copy import copy_file
from tasks.core.arrays import Floats

COLUMNS, TRAITS = 300, 12
CATEGORIES, DERIVED = 60, 4
MONTHS = {"2024-01": 2_500, "2024-02": 2_500, "2024-03": 2_500, "2024-04": 2_500, "2024-05": 2_500, "2024-06": 2_500}
WINDOWS = {"2024-07": 5_000, "2024-08": 5_000}
ROWS = sum(MONTHS.values()) + WINDOWS["2024-07"]
DAYS = {
    "first run": (
        "--start=2024-07-01",
        "--end=2024-07-31",
        "--reference-start=2024-01-01",
        "--reference-end=2024-06-30",
    ),
    "later month": ("--start=2024-08-01", "--end=2024-08-31"),
}
TABLE = "wide_requests"


def make_wide_lender(folder: Path, engine: Engine) -> None:
    """The lender's table in the database, and its contract and query in the folder."""
    rows = make_requests(seed=11)
    types = {"f": "double precision", "i": "integer", "M": "timestamp"}
    columns = ", ".join(f"{name} {types.get(rows[name].dtype.kind, 'text')}" for name in rows)
    with engine.begin() as connection:
        connection.execute(text(f"drop table if exists {TABLE}"))
        connection.execute(text(f"create table {TABLE} ({columns})"))
        copy_file(connection, TABLE, tuple(rows.columns), io.BytesIO(rows.to_csv(index=False).encode()))
    (folder / "wide.sql").write_text(
        f"select {', '.join(rows.columns)} from {TABLE}\n"
        "where asked_at >= %(start)s and asked_at < %(end)s::date + 1\n",
        encoding="utf-8",
    )
    _write_contract(folder, "wide", rows)


def make_requests(seed: int) -> pd.DataFrame:
    """Requests of eight months from one and the same population, with one rule."""
    rng = np.random.default_rng(seed)
    months = {**MONTHS, **WINDOWS}
    days = pd.to_datetime([f"{month}-01" for month in months]).repeat(list(months.values()))
    count = len(days)
    traits = rng.normal(size=(count, TRAITS))
    found: dict[str, Any] = {
        "request_no": np.char.add("r", np.arange(count).astype(str)),
        "asked_at": days + pd.to_timedelta(rng.integers(0, 28 * 24 * 60, count), unit="min"),
    }
    wish = np.zeros(count)
    for place in range(COLUMNS - len(found) - 1):
        trait = traits[:, place % TRAITS]
        felt = 0.7 * trait + 0.7 * rng.normal(size=count)
        wish += 0.35 * felt if place % 10 == 0 else 0
        make = _make_words if place % 5 == 4 else _make_numbers
        found[f"{'word' if place % 5 == 4 else 'number'}_{place:03}"] = make(rng, felt, place)
    found["answer"] = np.where(rng.random(count) < 1 / (1 + np.exp(-1.2 * wish / wish.std())), "yes", "no")
    return pd.DataFrame(found)


def _make_numbers(rng: Generator, felt: Floats, place: int) -> Any:
    """Amounts, shares, counts, or flags; a third of the columns have missing values."""
    shapes = (
        lambda: np.round(np.exp(8 + felt), 2),
        lambda: np.round(felt, 4),
        lambda: np.floor(np.exp(1 + 0.5 * felt)),
        lambda: (felt > 0.5).astype(float),
    )
    numbers = shapes[place % len(shapes)]()
    if place % 3 == 0:
        numbers[rng.random(len(numbers)) < 0.02 + 0.25 * rng.random()] = np.nan
    return numbers


def _make_words(rng: Generator, felt: Floats, place: int) -> Any:
    """Words by the order of what is felt; every fourth column has missing ones."""
    levels = (2, 4, 7, 12, 20, 40)[place // 5 % 6]
    ranks = np.clip(((felt + 2.5) / 5 * levels).astype(int), 0, levels - 1)
    words = np.array([f"w{level:02}" for level in range(levels)], dtype=object)[ranks]
    if place // 5 % 4 == 0:
        words[rng.random(len(words)) < 0.1] = None
    return words


def _write_contract(folder: Path, name: str, rows: pd.DataFrame) -> Path:
    """A contract as `flows.describe` would draft it, with some ordered and some frequency columns and some ratios."""
    lines = [f'name = "{name}"', 'description = "Made-up requests of many columns."', 'query = "wide.sql"', ""]
    lines += ["[[source]]", f'table = "{TABLE}"', f"columns = {json.dumps(list(rows.columns))}", ""]
    for column in rows.columns:
        lines += ["[[column]]", f'name = "{column}"', *_describe(column, rows[column]), ""]
    numbers = [column for column in rows if column.startswith("number")]
    for place in range(DERIVED):
        over, under = numbers[4 * place], numbers[4 * place + 40]
        lines += ["[[derived]]", f'name = "ratio_{place}"', f'numerator = "{over}"', f'denominator = "{under}"', ""]
    path = folder / f"{name}.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def _describe(name: str, values: pd.Series) -> list[str]:
    if name in ("request_no", "asked_at"):
        return ['role = "id"', 'type = "text"'] if name == "request_no" else ['role = "time"', 'type = "time"']
    if name == "answer":
        return ['role = "target"', 'type = "category"', 'allowed = ["no", "yes"]', 'positive = "yes"']
    if name.startswith("number"):
        return ['role = "feature"', 'type = "number"']
    words = sorted(values.dropna().unique())
    if len(words) == 7:
        return ['role = "feature"', 'type = "category"', f"ordered = {json.dumps(words)}"]
    encoding = "frequency" if len(words) == 40 else "one_hot"
    return ['role = "feature"', 'type = "category"', f"allowed = {json.dumps(words)}", f'encoding = "{encoding}"']


def prepare_wide(folder: Path, variant: str) -> Callable[[], dict[str, float]]:
    """`python -m flows.monitor` on a month, from the command to its exit; tells the seconds of each of its stages.

    Each first run is that of a contract of its own name, so that it finds no champion; a later month is that of the
    latest of these.
    """
    made = sorted(folder.glob("wide_*.toml"))
    if variant == "first run":
        name = f"wide_{len(made):03}"
        contract = folder / f"{name}.toml"
        written = (folder / "wide.toml").read_text(encoding="utf-8")
        contract.write_text(written.replace('name = "wide"', f'name = "{name}"', 1), encoding="utf-8")
    else:
        contract = made[-1]
    results = folder / f"results_{contract.stem}_{variant.split(maxsplit=1)[0]}_{len(list(folder.glob('results_*')))}"

    def run() -> dict[str, float]:
        places = [f"--contract={contract}", f"--results={results}", f"--models={folder / 'models'}"]
        command = [sys.executable, "-m", "flows.monitor", *DAYS[variant], *places]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (summary,) = results.glob("*/summary.json")
        stages = json.loads(summary.read_text(encoding="utf-8"))["stages"]
        return {stage["stage"]: stage["seconds"] for stage in stages if stage["seconds"]}

    return run
