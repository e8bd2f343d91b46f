"""Is a second change found while the first one is settled? As often as by a reference that has the first one in it?

    python -m benchmarks.life.second_change --seeds 20

`settled`: incomes are a fifth higher from month 9 on, which the run of month 9 has answered. `fresh`: they were so from
the first month on, so that the reference of six months has it. In month 12 comes a second change, of the same column or
of the rule. An alarm counts where it names the second change's question.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Annotated

from cyclopts import App, Parameter
from joblib import Parallel, delayed, parallel_config

from benchmarks.command_line import run_command
from benchmarks.life.calendar import MONTHS, TRAINING, Cadence, list_visits, month, number_of, span
from benchmarks.life.lender import DemoLender
from benchmarks.life.lives import Life
from benchmarks.life.loanwatch import Loanwatch
from benchmarks.life.scenarios import COVARIATE, COVARIATE_MONTH, EVENT_MONTH, Alter, Change, Regime, Scenario
from benchmarks.life.workshop import Workshop
from blocks.errors import UsageError
from tasks.core.wording import join_list

app = App(name="python -m benchmarks.life.second_change", help=__doc__, help_format="plaintext")


def _raise_again(factor: float) -> Alter:
    def alter(regime: Regime, _: date) -> Regime:
        return replace(regime, income=regime.income * factor)

    return alter


def _change_rule(regime: Regime, _: date) -> Regime:
    return replace(regime, is_rule_changed=True)


# The second change, and the question that it is found by.
SECOND: Mapping[str, tuple[Alter, str]] = {
    "none": (lambda regime, _: regime, "data"),
    "income x1.12": (_raise_again(1.12), "data"),
    "income x1.15": (_raise_again(1.15), "data"),
    "income x1.2": (_raise_again(1.2), "data"),
    "rule": (_change_rule, "concept"),
}


def is_found(name: str, seed: int, per_month: int, *, is_settled: bool) -> bool:
    """Whether the run of month 12 raises an alarm by the second change's question."""
    alter, question = SECOND[name]
    first = COVARIATE if is_settled else replace(COVARIATE, days=span(1, MONTHS))
    second = Change("second", span(EVENT_MONTH, MONTHS), alter)
    life = Life(DemoLender(), Scenario(name, "", (first, second)), seed, per_month)
    policy = Loanwatch()
    policy.begin(life, TRAINING, Workshop())
    begins = COVARIATE_MONTH if is_settled else EVENT_MONTH
    for visit in list_visits(Cadence.MONTHLY):
        if begins <= number_of(visit.window.start) <= EVENT_MONTH:
            look = policy.look(visit)
    return look.alarmed and question in look.note.split(";")[0]


@app.default
def run(
    *,
    seed: int = 0,
    seeds: int = 20,
    only: Annotated[list[str] | None, Parameter(negative=())] = None,
    per_month: int = 2_000,
    processes: int = 2,
) -> None:
    """Print how often each second change is found, settled and fresh.

    Parameters
    ----------
    seed
        The first life's seed.
    seeds
        Lives, with successive seeds.
    only
        A second change (none, income x1.12, income x1.15, income x1.2, rule); may be repeated. Default: all.
    per_month
        Applications of a month.
    processes
        Lives at once.
    """
    names = tuple(only or SECOND)
    if unknown := sorted(set(names) - set(SECOND)):
        raise UsageError(f"{join_list(unknown)} is not known. Choose among {join_list(list(SECOND))}.")
    tasks = [(name, one, settled) for name in names for one in range(seed, seed + seeds) for settled in (True, False)]
    with parallel_config(backend="loky", inner_max_num_threads=1):
        found = Parallel(n_jobs=processes)(
            delayed(is_found)(name, one, per_month, is_settled=settled) for name, one, settled in tasks
        )
    counts = dict.fromkeys(((name, settled) for name in names for settled in (True, False)), 0)
    for (name, _, settled), alarmed in zip(tasks, found, strict=True):
        counts[name, settled] += alarmed
    print(f"| second change, {month(EVENT_MONTH).start:%B} of the first year | settled | fresh |\n|---|---|---|")
    for name in names:
        print(f"| {name} | {counts[name, True]} of {seeds} | {counts[name, False]} of {seeds} |")


if __name__ == "__main__":
    run_command(app)
