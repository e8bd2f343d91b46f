"""What becomes of a lender in two years? Lives with a known change, under each policy.

    python -m benchmarks.life --json life.json

A life has 24 months of 2,000 applications; the first six train the first model, the rest are looked at. Everything
random is a function of the seed, so that two runs give the same records.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console

from benchmarks.command_line import run_command, run_in_processes
from benchmarks.life.calendar import Cadence
from benchmarks.life.jobs import Job, Seeds, plan_jobs, run_job
from benchmarks.life.lender import DemoLender
from benchmarks.life.measure import Record
from benchmarks.life.registry import POLICIES, list_missing
from benchmarks.life.resampled import read_lender
from benchmarks.life.scenarios import SCENARIOS
from benchmarks.life.table import as_markdown
from blocks.errors import UsageError
from tasks.core.files import write_json

PROCESSES = os.cpu_count() or 2
# Of a default run, so that it ends within twenty minutes on two cores.
DEFAULT_SEEDS = {Cadence.MONTHLY: 3, Cadence.WEEKLY: 2, Cadence.DAILY: 1}
SCENARIO_NAMES = tuple(scenario.name for scenario in SCENARIOS)

app = App(name="python -m benchmarks.life", help=__doc__, help_format="plaintext", suppress_keyboard_interrupt=False)


def run_jobs(jobs: Sequence[Job], processes: int, console: Console) -> list[Record]:
    """The records of all jobs, in the order of the scenarios, the policies and the seeds."""
    records = run_in_processes(run_job, jobs, processes, "Living", console)
    policies = list(POLICIES)
    return sorted(
        records,
        key=lambda record: (SCENARIO_NAMES.index(record.scenario), policies.index(record.policy), record.seed),
    )


@app.default
def run(  # noqa: PLR0913 - each one is an option of the command line
    *,
    json_file: Annotated[Path | None, Parameter(name="--json")] = None,
    seed: int = 0,
    seeds: int | None = None,
    cadence: Cadence = Cadence.MONTHLY,
    scenario: Annotated[list[str] | None, Parameter(negative=())] = None,
    policy: Annotated[list[str] | None, Parameter(negative=())] = None,
    data: Path | None = None,
    per_month: int = 2_000,
    peer_seeds: int | None = None,
    processes: int = PROCESSES,
    markdown: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Live the lives, print the table and write a record for each life and policy; or print an earlier run's table.

    Parameters
    ----------
    json_file
        Where the list of records is written (with --markdown: read).
    seed
        The first life's seed.
    seeds
        Lives of each scenario, with successive seeds. Without it: as many as a default run has at that cadence.
    cadence
        How often a life is looked at.
    scenario
        What happens: nothing, covariate, rule, both, trend, blip, season, unit, volume, days. May be repeated.
    policy
        Who looks: loanwatch, today, previous, evidently, nannyml, oracle. May be repeated; without it all that can.
    data
        A folder with loan_details.csv, customer_details.csv and credit_details.csv: the applicants are drawn from
        these. Without it they are the demo's.
    per_month
        Applications of a usual month.
    peer_seeds
        Lives of each scenario under previous, evidently and nannyml, which take longest. Without it: one, or all where
        --policy names whom to ask.
    processes
        How many jobs at once, with one thread each.
    markdown
        Run nothing; print the table of the JSON file.
    """
    if markdown:
        print(as_markdown(json.loads(_need_file(json_file).read_text(encoding="utf-8"))))
        return
    console = Console(stderr=True)
    _refuse_unknown(scenario or (), SCENARIO_NAMES, "scenario")
    _refuse_unknown(policy or (), POLICIES, "policy")
    _need_folder(json_file)
    count = DEFAULT_SEEDS[cadence] if seeds is None else seeds
    if count < 1:
        raise UsageError(f"--seeds {count} runs nothing: give at least 1.")
    chosen = tuple(scenario or SCENARIO_NAMES)
    lender = read_lender(data) if data else DemoLender()
    whole = Job(lender, seed, per_month, cadence, chosen, choose_policies(policy, console))
    peers = (count if policy else 1) if peer_seeds is None else peer_seeds
    jobs = plan_jobs(whole, Seeds(count, peers), processes)
    records = [record.as_json() for record in run_jobs(jobs, processes, console)]
    if json_file is not None:
        write_json(json_file, records)
        console.print(f"{len(records)} records are in {json_file}.")
    print(as_markdown(records))


def choose_policies(asked: Sequence[str] | None, console: Console) -> tuple[str, ...]:
    """Those that were asked for, or all; a peer without an environment is left out, or refused where asked for."""
    missing = list_missing()
    if refused := [name for name in asked or () if name in missing]:
        raise UsageError(f"--policy {refused[0]} needs an environment of its own: make it with `make peers`.")
    if not asked and missing:
        console.print(f"Left out, without an environment (`make peers`): {', '.join(missing)}.")
    return tuple(name for name in POLICIES if name in (asked or POLICIES) and name not in missing)


def _need_file(json_file: Path | None) -> Path:
    if json_file is None:
        raise UsageError("--markdown prints the table of a JSON file: name it with --json.")
    return json_file


def _need_folder(json_file: Path | None) -> None:
    """Find what would stop the run at its end before it starts."""
    if json_file is not None and not json_file.absolute().parent.is_dir():
        raise UsageError(f"There is no folder {json_file.absolute().parent} for the JSON file: make it first.")


def _refuse_unknown(names: Iterable[str], known: Iterable[str], option: str) -> None:
    if unknown := [name for name in names if name not in known]:
        raise UsageError(f"--{option} {unknown[0]!r} is not known. There are: {', '.join(known)}.")


def main() -> None:
    """Run the command line."""
    run_command(app)


if __name__ == "__main__":
    main()
