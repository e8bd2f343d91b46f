"""Day effects: how often do short windows alarm where days differ by more than chance, and what does it cost to know?

    python -m benchmarks.day_effects --seeds 20

Each lender has 100 applications a day, a reference of 180 days, and windows of 2, 7 and 30 days after it. Nothing
lasting changes (`nothing`), or incomes are 1.15 times as high (`income`), or decisions are drawn anew so that approvals
are 6 points more or fewer (`label`).
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from cyclopts import App
from joblib import Parallel, delayed, parallel_config
from rich.console import Console

from benchmarks.changes import APPROVED, REFUSED
from benchmarks.command_line import run_command
from benchmarks.daily_lender import (
    DAY_EFFECTS,
    NO_EFFECTS,
    REFERENCE_DAYS,
    Applications,
    Effects,
    draw_days,
    open_lender,
)
from benchmarks.procedures import list_alarms
from tasks.core.files import write_json
from tasks.core.findings import Question
from tasks.core.policy import DriftPolicy
from tasks.drift.check import measure_drift
from tasks.drift.comparison import Comparison
from tasks.drift.model import measure_model_drift

PER_DAY = 100
LENGTHS = (2, 7, 30)
WEEKENDS = "weekends"
LENDERS = {"alike": NO_EFFECTS, "differ": DAY_EFFECTS, WEEKENDS: Effects(weekend=0.7)}
CHANGES = ("nothing", "income", "label")
REQUIRED = {"income": Question.DATA, "label": Question.LABEL}

app = App(name="python -m benchmarks.day_effects", help=__doc__, help_format="plaintext")


@dataclass(frozen=True)
class Record:
    """`alarms`: any alarm at all; `detected`: the question that the change is about. Of `windows`."""

    days: str
    change: str
    length: int
    windows: int
    alarms: int
    detected: int
    data: int
    label: int
    concept: int
    model: int


def change_window(window: Applications, change: str, random: np.random.Generator) -> Applications:
    """The window with the change."""
    frame = window.frame
    if change == "income":
        frame = frame.assign(annual_income=frame["annual_income"] * 1.15)
    if change == "label":
        approved = (frame["loan_status"] == APPROVED).to_numpy()
        turned = approved & (random.random(len(frame)) < 0.06 / approved.mean())
        frame = frame.assign(loan_status=frame["loan_status"].mask(turned, REFUSED))
    return Applications(frame, window.days)


def judge_lender(name: str, seed: int, windows: int) -> list[tuple[str, str, int, set[Question]]]:
    """What is said of one lender's windows of each length, with each change."""
    effects, random = LENDERS[name], np.random.default_rng([seed, len(name)])
    lender = open_lender(draw_days(REFERENCE_DAYS, PER_DAY, effects, random), random)
    found = []
    for length, number in product(LENGTHS, range(windows)):
        first = np.datetime64("2023-07-03") + int(random.integers(7))
        window = draw_days(length, PER_DAY, effects, random, first)
        for change in CHANGES if number == 0 and name != WEEKENDS else CHANGES[:1]:
            observed = lender.observe(change_window(window, change, random), random)
            comparison = Comparison(lender.profile, observed, DriftPolicy())
            raised = list_alarms([*measure_drift(comparison), *measure_model_drift(comparison)])
            found.append((name, change, length, set(raised)))
    return found


def count(found: list[tuple[str, str, int, set[Question]]]) -> list[Record]:
    """One record for each lender, change and length."""
    records = []
    for name, change, length in product(LENDERS, CHANGES, LENGTHS):
        raised = [one[3] for one in found if one[:3] == (name, change, length)]
        if not raised:
            continue
        by_question = Counter(question for one in raised for question in one)
        required = REQUIRED.get(change)
        records.append(
            Record(
                name, change, length, len(raised), sum(map(bool, raised)), by_question[required] if required else 0,
                *(by_question[question] for question in list(Question)[1:]),
            )
        )  # fmt: skip
    return records


@app.default
def run(
    *, seeds: int = 20, first_seed: int = 0, windows: int = 4, processes: int = 1, json: Path | None = None
) -> None:
    """Judge the lenders and print the table.

    Parameters
    ----------
    seeds
        Lenders of each kind.
    first_seed
        The seed of the first lender.
    windows
        Windows of each length, for each lender; one of them is changed, too.
    processes
        How many processes share the lenders.
    json
        Where the records are written, too.
    """
    console, began = Console(stderr=True), time.monotonic()
    with parallel_config(backend="loky", inner_max_num_threads=1):
        jobs = (
            delayed(judge_lender)(name, seed, windows)
            for seed in range(first_seed, first_seed + seeds)
            for name in LENDERS
        )
        found = [one for some in Parallel(n_jobs=processes)(jobs) for one in some]
    records = count(found)
    print("| days | change | length | windows | any alarm | detected | data | label | concept | model |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for record in records:
        print("| " + " | ".join(map(str, vars(record).values())) + " |")
    console.print(f"{time.monotonic() - began:.0f} seconds")
    if json is not None:
        write_json(json, [vars(record) for record in records])


if __name__ == "__main__":
    sys.exit(run_command(app))
