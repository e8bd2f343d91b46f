"""Jobs: a seed's lives, one after the other, in a process of their own."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass, replace

from benchmarks.life.calendar import Cadence
from benchmarks.life.lender import Lender
from benchmarks.life.lives import Life
from benchmarks.life.measure import Record, measure_life
from benchmarks.life.registry import POLICIES, SLOW
from benchmarks.life.run import live
from benchmarks.life.scenarios import SCENARIOS
from benchmarks.life.workshop import Workshop


@dataclass(frozen=True)
class Job:
    """One seed's lives in some scenarios under some policies, one after the other: they share what they can."""

    lender: Lender
    seed: int
    per_month: int
    cadence: Cadence
    scenarios: tuple[str, ...]
    policies: tuple[str, ...]


@dataclass(frozen=True)
class Seeds:
    """How many lives of each scenario are lived, and how many of them under the policies that take longest."""

    lives: int
    slow: int


def plan_jobs(whole: Job, seeds: Seeds, processes: int) -> list[Job]:
    """Jobs for each seed: one for all quick policies, or with few seeds for each, then one for each slow policy.

    The longest ones come first, so that no process waits long for the last one.
    """
    slow, quick = (tuple(one for one in whole.policies if (one in SLOW) is is_slow) for is_slow in (True, False))
    groups = [(quick, seeds.lives), *(((policy,), seeds.slow) for policy in slow)]
    if seeds.lives < processes:
        groups = [((policy,), count) for policies, count in groups for policy in policies]
    return [
        replace(whole, seed=whole.seed + number, policies=policies)
        for policies, count in groups
        for number in range(count if policies else 0)
    ]


def run_job(job: Job) -> list[Record]:
    """The records of a job's lives."""
    records, workshop = [], Workshop()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for scenario in (one for one in SCENARIOS if one.name in job.scenarios):
            life = Life(job.lender, scenario, job.seed, job.per_month)
            for policy in job.policies:
                start = time.perf_counter()
                identity = {"policy": policy, "seed": job.seed, "cadence": str(job.cadence)}
                seen, lost = live(life, POLICIES[policy](), job.cadence, workshop)
                record = measure_life(identity, scenario, seen, lost)
                records.append(replace(record, seconds=round(time.perf_counter() - start, 1)))
    return records
