"""Records: running the pairs of a scenario and counting what the procedures said about them."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.changes import Change, Pair, is_approved
from benchmarks.pools import Pool, draw_bootstrap, draw_disjoint
from benchmarks.population import measure_population_auc
from benchmarks.procedures import (
    Raised,
    ScoredPair,
    Tool,
    estimate_without_labels,
    measure_shown_auc,
    merge_alarms,
    score_pair,
)
from benchmarks.scenarios import SCENARIOS, Scenario
from benchmarks.scores import Folds, cross_fit
from tasks.contract.contract import Contract
from tasks.core.findings import Question

LARGE_ROWS = 100_000


@dataclass(frozen=True)
class Job:
    """Some pairs of one scenario, size and pool: those with these numbers, the first few for the peers too."""

    scenario: str
    rows: int
    pool: str
    numbers: range
    tools: tuple[Tool, ...]


@dataclass(frozen=True)
class Outcome:
    """What one procedure said about one pair, or about the windows up to one of several.

    `estimate_error` is the error of the AUC that is estimated without labels, where the scenario asks for it.
    """

    procedure: str
    scenario: str
    rows: int
    pool: str
    number: int
    raised: Raised
    seconds: float
    estimate_error: float | None = None


@dataclass(frozen=True)
class Record:
    """The counts of one procedure in one scenario and size; every count is out of `repeats`.

    `alarms`: any alarm at all. `detected`: all that the scenario requires. `right`: that, and no wrong kind.
    `first_column_right`: of the detected, those that name a changed column first (None where none is at fault).
    `innocents`: other columns named by the required questions, over all detected repeats. `data`, `label`, `concept`,
    `model`: alarms of that question. `seconds`: median of one decision, scores given, which leaves out what a first
    call costs. `estimate_error`: mean absolute error of the AUC that is estimated without labels. `alarms_by_pool`:
    pool to (alarms, repeats).
    """

    procedure: str
    scenario: str
    group: str
    rows: int
    pool: str
    repeats: int
    alarms: int
    detected: int
    right: int
    first_column_right: int | None
    innocents: int | None
    data: int
    label: int
    concept: int
    model: int
    seconds: float
    estimate_error: float | None = None
    alarms_by_pool: dict[str, tuple[int, int]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The record as plain JSON values."""
        return asdict(self)


def find_scenario(name: str) -> Scenario:
    """The scenario of that name."""
    return next(scenario for scenario in SCENARIOS if scenario.name == name)


def seed_pair(job: Job, number: int) -> np.random.Generator:
    """The generator of one pair: a function of the scenario, the rows, the pool and the pair's number only."""
    return np.random.default_rng(zlib.crc32(f"{job.scenario}|{job.rows}|{job.pool}|{number}".encode()))


def run_job(contract: Contract, pool: Pool, job: Job) -> list[Outcome]:
    """Every pair of a job, decided by every tool of the job."""
    return [outcome for number in job.numbers for outcome in _run_pair(contract, pool, job, number)]


def _run_pair(contract: Contract, pool: Pool, job: Job, number: int) -> Iterable[Outcome]:
    scenario, random = find_scenario(job.scenario), seed_pair(job, number)
    so_far: dict[str, Raised] = {}
    folds: Folds | None = None
    reference_rows = scenario.reference_rows or job.rows
    reference, current, spare = draw_windows(pool, (reference_rows, job.rows), random)
    for step, change in enumerate(scenario.steps, start=1):
        pair = change(Pair(pool, reference, current, spare), random)
        # One model for all windows of a pair, as a deployed one: no change of several steps touches the reference.
        folds = folds or cross_fit(pair.reference, is_approved(pair.reference), random)
        scored = score_pair(contract, pair, folds, random)
        error = None
        if scenario.group == "covariate":
            # A stream of its own, so that the population takes nothing from the pair's.
            truth = _find_truth(scored, pair, (change, folds), random.spawn(1)[0])
            error = abs(estimate_without_labels(scored) - truth)
        name = scenario.name if len(scenario.steps) == 1 else f"{scenario.name} window {step}"
        for tool in job.tools:
            start = time.perf_counter()
            answers = tool(scored)
            seconds = time.perf_counter() - start
            for procedure, raised in answers.items():
                so_far[procedure] = merge_alarms(so_far.get(procedure, {}), raised)
                yield Outcome(procedure, name, job.rows, job.pool, number, so_far[procedure], seconds, error)


def _find_truth(scored: ScoredPair, pair: Pair, made: tuple[Change, Folds], random: np.random.Generator) -> float:
    """The AUC that an estimate should have: of 200,000 rows of the pool; of 100,000 rows their own labels show it."""
    if len(pair.current) >= LARGE_ROWS:
        return measure_shown_auc(scored)
    return measure_population_auc(pair, *made, random)


def draw_windows(pool: Pool, sizes: tuple[int, int], random: np.random.Generator) -> list[pd.DataFrame]:
    """Two disjoint random windows and the rest of the pool; from 100,000 rows on bootstrapped ones, with no rest."""
    if max(sizes) >= LARGE_ROWS:
        return [*(draw_bootstrap(pool, size, random) for size in sizes), pool.applications.head(0)]
    return draw_disjoint(pool, sizes, random)


def count_outcomes(outcomes: Iterable[Outcome]) -> list[Record]:
    """One record for each procedure, scenario and size, in the order of the scenarios' table."""
    order = {scenario.name: place for place, scenario in enumerate(SCENARIOS)}

    def key(outcome: Outcome) -> tuple[str, int, str, int]:
        return (outcome.procedure, order[find_base(outcome.scenario)], outcome.scenario, outcome.rows)

    ordered = sorted(outcomes, key=lambda outcome: (*key(outcome), outcome.pool, outcome.number))
    return [_count(list(group)) for _, group in groupby(ordered, key)]


def find_base(name: str) -> str:
    """The scenario that a record's name belongs to: one of several windows has the window's number behind it."""
    return name.partition(" window ")[0]


def _count(outcomes: Sequence[Outcome]) -> Record:
    first, scenario = outcomes[0], find_scenario(find_base(outcomes[0].scenario))
    detected = [outcome for outcome in outcomes if scenario.is_detected(outcome.raised)]
    errors = [outcome.estimate_error for outcome in outcomes if outcome.estimate_error is not None]
    named = [_list_named(outcome, scenario) for outcome in detected] if scenario.columns else None
    pools = sorted({outcome.pool for outcome in outcomes})
    return Record(
        first.procedure,
        first.scenario,
        scenario.group,
        first.rows,
        "+".join(pools),
        len(outcomes),
        sum(bool(outcome.raised) for outcome in outcomes),
        len(detected),
        sum(scenario.is_right(outcome.raised) for outcome in outcomes),
        None if named is None else sum(bool(names) and names[0] in scenario.columns for names in named),
        None if named is None else sum(name not in scenario.columns for names in named for name in names),
        **{str(question): sum(question in outcome.raised for outcome in outcomes) for question in list(Question)[1:]},
        seconds=round(float(np.median([outcome.seconds for outcome in outcomes])), 4),
        estimate_error=float(np.mean(errors)) if errors and first.procedure == "loanwatch" else None,
        alarms_by_pool={pool: _count_alarms(outcomes, pool) for pool in pools},
    )


def _list_named(outcome: Outcome, scenario: Scenario) -> tuple[str, ...]:
    """The columns named by the questions that the scenario requires, those of data drift where several are."""
    first = Question.DATA if Question.DATA in scenario.required else next(iter(scenario.required))
    return outcome.raised.get(first, ())


def _count_alarms(outcomes: Sequence[Outcome], pool: str) -> tuple[int, int]:
    chosen = [outcome for outcome in outcomes if outcome.pool == pool]
    return sum(bool(outcome.raised) for outcome in chosen), len(chosen)
