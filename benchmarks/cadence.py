"""Cadence: how many false alarms does a year of runs raise, and after how many days is a change told?

    python -m benchmarks.cadence nothing --cadence daily --years 4
    python -m benchmarks.cadence broken --lives 20
    python -m benchmarks.cadence income --lives 20 --per-day 100

Each life has a reference of 180 days and, after it, windows of 30 days in succession (monthly), of seven (weekly),
or of the last 30 days on each day (daily). `nothing`: a year without any change. `broken`: one column in another unit
(monthly debt 12 times as high). `income`: incomes 1.15 times as high. Both begin after 45 days.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from cyclopts import App, Parameter
from joblib import Parallel, delayed, parallel_config
from rich.console import Console

from benchmarks.command_line import run_command
from benchmarks.daily_lender import FIRST_DAY, NO_EFFECTS, REFERENCE_DAYS, Applications, Effects, draw_days, open_lender
from tasks.core.cadence import Cadence
from tasks.core.files import write_json
from tasks.core.findings import Finding, Verdict
from tasks.core.policy import DriftPolicy
from tasks.core.scored_window import ScoredWindow
from tasks.drift.budget import fit_levels
from tasks.drift.check import measure_drift
from tasks.drift.comparison import Comparison
from tasks.drift.model import measure_model_drift
from tasks.drift.recent import add_recent, measure_recent_drift
from tasks.profile.profile import Profile

Life = Literal["nothing", "broken", "income"]
YEAR, TRAILING = 365, 30
CHANGE_DAY, LAST_DAY = 45, 75
CHANGED = {"broken": ("monthly_debt", 12.0), "income": ("annual_income", 1.15)}

app = App(name="python -m benchmarks.cadence", help=__doc__, help_format="plaintext")


@dataclass(frozen=True)
class Plan:
    """What a life is like. `budget` is `false_alarms_a_year`."""

    life: Life
    cadence: Cadence
    per_day: float
    effects: Effects
    budget: float

    @property
    def policy(self) -> DriftPolicy:
        """The limits, with how often a run looks."""
        return DriftPolicy(cadence=self.cadence, false_alarms_a_year=self.budget)


def judge(profile: Profile, window: ScoredWindow, policy: DriftPolicy, days: int) -> list[Finding]:
    """What a run says about a window of so many days."""
    comparison = Comparison(profile, window, fit_levels(policy, days))
    findings = [*measure_drift(comparison), *measure_model_drift(comparison)]
    return add_recent(findings, measure_recent_drift(replace(comparison, policy=policy)))


def live(plan: Plan, seed: int) -> tuple[int, int, Counter[str]]:
    """The days from the change to the first alarm (0 without a change or alarm), the alarmed runs, and their checks."""
    random = np.random.default_rng([seed, round(plan.per_day)])
    lender = open_lender(draw_days(REFERENCE_DAYS, plan.per_day, plan.effects, random), random)
    start, days = FIRST_DAY + REFERENCE_DAYS, YEAR + TRAILING if plan.life == "nothing" else LAST_DAY
    later = _change(draw_days(days, plan.per_day, plan.effects, random, start), plan.life, start)
    observed = lender.observe(later, random)
    alarmed, checks = 0, Counter[str]()
    for first, last in plan_windows(plan, days):
        rows = (observed.days >= start + first) & (observed.days <= start + last)
        window = ScoredWindow(
            observed.applications.loc[rows], observed.labels[rows], observed.scores[rows], days=observed.days[rows]
        )
        found = [
            one for one in judge(lender.profile, window, plan.policy, last - first + 1) if one.verdict is Verdict.FAIL
        ]
        alarmed += bool(found)
        checks.update(
            f"{one.sentence.split(':')[0] if one.sentence.startswith('In the') else ''} {one.check}" for one in found
        )
        if found and plan.life != "nothing":
            return last - CHANGE_DAY + 1, alarmed, checks
    return 0, alarmed, checks


def plan_windows(plan: Plan, days: int) -> Iterator[tuple[int, int]]:
    """The first and the last day of each run's window, from the start of the life."""
    step = plan.cadence.days
    length = TRAILING if plan.cadence is Cadence.DAILY else step
    begin = TRAILING - 1 if plan.life == "nothing" else CHANGE_DAY
    for last in range(begin if plan.cadence is Cadence.DAILY else begin + step - 1, days, step):
        yield last - length + 1, last


def _change(applications: Applications, life: Life, start: np.datetime64) -> Applications:
    if life not in CHANGED:
        return applications
    column, factor = CHANGED[life]
    changed = (applications.days - start).astype(int) >= CHANGE_DAY
    values = applications.frame[column]
    return replace(applications, frame=applications.frame.assign(**{column: values.mask(changed, values * factor)}))


@app.default
def run(  # noqa: PLR0913 - each one is an option of the command line
    life: Life,
    *,
    cadence: Cadence = Cadence.DAILY,
    lives: Annotated[int, Parameter(alias="--years")] = 20,
    first_seed: int = 0,
    per_day: float = 67,
    budget: float = 0.05,
    processes: int = 1,
    json: Path | None = None,
) -> None:
    """Run the lives and print what was said.

    Parameters
    ----------
    cadence
        How often a run looks.
    lives
        How many: years, where nothing changes.
    first_seed
        The seed of the first.
    per_day
        Applications a day.
    budget
        `false_alarms_a_year`: with a larger one, fewer years show whether it is kept.
    processes
        How many processes share the lives.
    json
        Where the record is written, too.
    """
    plan, began = Plan(life, cadence, per_day, NO_EFFECTS, budget), time.monotonic()
    with parallel_config(backend="loky", inner_max_num_threads=1):
        told = Parallel(n_jobs=processes)(delayed(live)(plan, first_seed + number) for number in range(lives))
    delays, runs = [delay for delay, _, _ in told], [alarmed for _, alarmed, _ in told]
    checks = sum((counted for _, _, counted in told), Counter[str]())
    record = {
        "life": life,
        "cadence": str(cadence),
        "per_day": per_day,
        "budget": budget,
        "lives": lives,
        "lives_with_an_alarm": sum(map(bool, runs)),
        "alarmed_runs": runs,
        "delays": delays,
        "median_delay": float(np.median([delay or LAST_DAY for delay in delays])),
        "checks": dict(checks),
        "seconds": round(time.monotonic() - began),
    }
    Console(soft_wrap=True).print(record)
    if json is not None:
        write_json(json, record)


if __name__ == "__main__":
    sys.exit(run_command(app))
