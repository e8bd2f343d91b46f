"""Own splits: a champion's reference split at random, and everything that a run would say of one side by the other.

Whatever is kept together stays on one side: in half of the splits the rows of a customer, and in the other half those
of a week (of a day, where windows are shorter than a week). Real windows are whole days: where the rows of a day
resemble each other more than chance has it, windows differ more than the tests expect, and only such splits show it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from tasks.contract.contract import Contract
from tasks.core.arrays import Keys, draw_groups
from tasks.core.findings import Finding
from tasks.core.policy import DriftPolicy, MonitorPolicy
from tasks.core.reference_rows import ReferenceRows
from tasks.monitor_check.trials import compare_sides

MOST_WINDOW_ROWS = 5_000
# Or twice the window's: more take longer, and make a comparison little surer than the window allows.
REFERENCE_ROWS = 5_000
LEAST_SPLITS = 10
# Of fewer weeks, the same few would be drawn again and again.
LEAST_BLOCKS = 20
DAYS_PER_WEEK = 7
CUSTOMER = "customer"
# A process for each core takes some seconds to start: it pays where a split takes so long.
SECONDS_TO_SHARE = 1.0
MOST_PROCESSES = 4


@dataclass(frozen=True, eq=False)
class Split:
    """One split: what was kept together, the rows of its two sides, and what was found."""

    kept: str
    reference_rows: int
    window_rows: int
    findings: tuple[Finding, ...]


def draw_splits(
    contract: Contract,
    policy: MonitorPolicy,
    reference: ReferenceRows,
    window_rows: int,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Split]:
    """Splits with windows of about so many rows, at most half of the reference; none where that is too few to judge.

    All random numbers depend on the policy's seed and the number of the split only. No split begins after the seconds
    of the policy, unless fewer than ten were made. Where the first takes long the others are made side by side.
    """
    rows = min(max(window_rows, policy.drift.minimum_rows), MOST_WINDOW_ROWS, len(reference) // 2)
    if rows < policy.drift.minimum_rows:
        return
    ground = _Ground(contract, policy.drift, reference, rows, tuple(keep_together(reference, rows).items()))
    began = clock()

    def count() -> Iterator[int]:
        for number in range(policy.self_check.splits):
            if number >= LEAST_SPLITS and clock() - began >= policy.self_check.seconds:
                return
            yield number

    numbers = count()
    for number in numbers:
        started = time.monotonic()
        yield make_split(ground, number)
        if time.monotonic() - started >= SECONDS_TO_SHARE:
            yield from _make_side_by_side(ground, numbers)


def _make_side_by_side(ground: _Ground, numbers: Iterator[int]) -> Iterator[Split]:
    """The splits of these numbers by a process for each core, which is asked for the next when it has made one."""
    from joblib import Parallel, cpu_count, delayed, parallel_config

    processes = min(cpu_count(), MOST_PROCESSES)
    if processes == 1:
        return
    with parallel_config(backend="loky", inner_max_num_threads=1):
        parallel = Parallel(processes, return_as="generator", batch_size=1, pre_dispatch=processes)
        yield from parallel(delayed(make_split)(ground, number) for number in numbers)


@dataclass(frozen=True, eq=False)
class _Ground:
    """What all splits share; `kept` are the ways of keeping rows together, by their names."""

    contract: Contract
    policy: DriftPolicy
    reference: ReferenceRows
    window_rows: int
    kept: tuple[tuple[str, Keys], ...]


def make_split(ground: _Ground, number: int) -> Split:
    """The split of a number."""
    random, reference = np.random.default_rng([ground.policy.seed, number]), ground.reference
    name, keys = ground.kept[number % len(ground.kept)]
    is_window = draw_groups(keys, ground.window_rows, random)
    is_reference = ~is_window
    most = max(REFERENCE_ROWS, 2 * ground.window_rows)
    is_reference[is_reference] = draw_groups(keys[is_reference], most, random)
    sides = (reference.take(rows, with_days=name != CUSTOMER) for rows in (is_reference, is_window))
    findings = compare_sides(ground.contract, ground.policy, *sides)
    return Split(name, int(is_reference.sum()), int(is_window.sum()), tuple(findings))


def keep_together(reference: ReferenceRows, window_rows: int) -> dict[str, Keys]:
    """What is kept on one side, by its name: customers, and weeks or days where the reference has enough of them."""
    age = (reference.days - reference.days.min()).astype(np.int64)
    rows_per_day = len(reference) / (int(age.max()) + 1)
    is_long = window_rows >= DAYS_PER_WEEK * rows_per_day
    blocks = age // DAYS_PER_WEEK if is_long else age
    kept = {CUSTOMER: reference.keys}
    if len(np.unique(blocks)) >= LEAST_BLOCKS:
        kept["week" if is_long else "day"] = blocks.astype(np.uint64)
    return kept
