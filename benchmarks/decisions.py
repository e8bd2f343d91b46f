"""How good are the verdicts? Plants known changes in real loan applications and counts what is said about them.

    python -m benchmarks.decisions --data DIR --json decisions.json

DIR holds loan_details.csv, customer_details.csv and credit_details.csv. Everything random is a function of the
scenario, the rows, the pool and the pair's number, so that two runs give the same counts.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from joblib import Parallel, delayed, parallel_config
from rich.console import Console
from rich.progress import track

from benchmarks.command_line import run_command
from benchmarks.peer_environments import ask_peers, list_peers
from benchmarks.peers import ask_deepchecks
from benchmarks.pools import Pool, read_applications, split_pools
from benchmarks.procedures import Tool, ask_loanwatch
from benchmarks.records import LARGE_ROWS, Job, Record, count_outcomes, run_job
from benchmarks.scenarios import SCENARIOS, Scenario
from benchmarks.table import as_markdown, check_goals
from blocks.errors import UsageError
from tasks.contract.contract import Contract
from tasks.contract.load import load_contract
from tasks.core.files import write_json

CONTRACT = "loan_applications"
PROCESSES = os.cpu_count() or 2
PAIRS_PER_JOB = 10
PEER_ROWS = 3_000
PEER_PAIRS = 5

app = App(
    name="python -m benchmarks.decisions", help=__doc__, help_format="plaintext", suppress_keyboard_interrupt=False
)


@dataclass(frozen=True)
class Request:
    """What of the table of scenarios is run, on what, and by whom. `repeats` and `rows` of None mean the table's."""

    scenarios: tuple[Scenario, ...]
    repeats: int | None
    rows: tuple[int, ...] | None
    with_peers: bool


def choose_scenarios(only: Sequence[str] | None) -> tuple[Scenario, ...]:
    """The scenarios whose name or group is in `only`; all without it. Raises UsageError for a name that is neither."""
    if not only:
        return SCENARIOS
    known = {scenario.name for scenario in SCENARIOS} | {scenario.group for scenario in SCENARIOS}
    if unknown := [name for name in only if name not in known]:
        raise UsageError(f"--only {unknown[0]!r} is no scenario. There are: {', '.join(sorted(known))}.")
    return tuple(scenario for scenario in SCENARIOS if {scenario.name, scenario.group} & set(only))


def plan_jobs(pools: Sequence[Pool], request: Request) -> tuple[list[Job], list[str]]:
    """The jobs, the longest first, and a line for every size that a pool cannot supply twice without overlap.

    The pairs of a scenario and size are shared out evenly among the pools that can supply it.
    """
    jobs, left_out = [], []
    for scenario in request.scenarios:
        for rows, pairs in scenario.pairs.items():
            if request.rows and rows not in request.rows:
                continue
            able = [pool for pool in pools if _is_able(pool, scenario, rows)]
            left_out += [f"{pool.name}: {rows:,} rows" for pool in pools if pool not in able]
            for place, pool in enumerate(able):
                share = len(range(place, request.repeats or pairs, len(able)))
                jobs += _cut_jobs(scenario.name, rows, pool.name, share, request.with_peers)
    return sorted(jobs, key=lambda job: -job.rows), sorted(set(left_out))


def _is_able(pool: Pool, scenario: Scenario, rows: int) -> bool:
    return rows >= LARGE_ROWS or pool.can_supply(scenario.reference_rows or rows, rows)


def _cut_jobs(scenario: str, rows: int, pool: str, pairs: int, with_peers: bool) -> list[Job]:
    """The peers, twenty times slower, decide about the first few pairs of up to 3,000 rows only."""
    peer_pairs = min(PEER_PAIRS, pairs) if with_peers and rows <= PEER_ROWS else 0
    tools: tuple[Tool, ...] = (ask_loanwatch, ask_deepchecks, *((ask_peers,) if list_peers() else ()))
    cuts = [*range(peer_pairs), *range(peer_pairs, pairs, PAIRS_PER_JOB), pairs]
    return [
        Job(scenario, rows, pool, range(start, stop), tools if start < peer_pairs else tools[:1])
        for start, stop in pairwise(cuts)
    ]


def run_jobs(contract: Contract, pools: Sequence[Pool], jobs: Sequence[Job], console: Console) -> list[Record]:
    """Run the jobs in a process of one thread for each core, with a progress bar, and count."""
    by_name = {pool.name: pool for pool in pools}
    outcomes = []
    with parallel_config(backend="loky", inner_max_num_threads=1):
        parallel = Parallel(n_jobs=PROCESSES, return_as="generator_unordered", batch_size=1)
        results = parallel(delayed(run_job)(contract, by_name[job.pool], job) for job in jobs)
        for found in track(results, "Deciding", total=len(jobs), console=console):
            outcomes += found
    return count_outcomes(outcomes)


@app.default
def run(  # noqa: PLR0913 - each one is an option of the command line
    *,
    json_file: Annotated[Path, Parameter(name="--json")],
    data: Path | None = None,
    repeats: int | None = None,
    only: Annotated[list[str] | None, Parameter(negative=())] = None,
    rows: Annotated[list[int] | None, Parameter(negative=())] = None,
    split: date | None = None,
    peers: Annotated[bool, Parameter(negative=())] = False,
    markdown: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Run the scenarios and write the counts; or, with --markdown, print the table of an earlier run.

    Parameters
    ----------
    json_file
        Where the list of records is written (with --markdown: read).
    data
        The folder with the three CSV files.
    repeats
        Pairs for each scenario and size, instead of as many as each scenario's goal asks for.
    only
        A scenario or a group of them (null, material, immaterial, covariate, two drifts, gradual); may be repeated.
    rows
        Only windows of this size; may be repeated.
    split
        Where the applications are parted into two pools (YYYY-MM-DD), instead of at the longest gap.
    peers
        Let the previous system's limits and deepchecks' defaults decide about the first pairs too.
    markdown
        Run nothing; print the table of the JSON file.
    """
    if markdown:
        print(as_markdown(json.loads(json_file.read_text(encoding="utf-8"))))
        return
    console = Console(stderr=True)
    request = Request(choose_scenarios(only), repeats, tuple(rows) if rows else None, peers)
    records = _run(_need_folder(data, json_file, repeats), split, request, console)
    write_json(json_file, [record.as_json() for record in records])
    console.print(f"{len(records)} records are in {json_file}.")
    for line in check_goals([record.as_json() for record in records]):
        console.print(line, highlight=False)


def _need_folder(data: Path | None, json_file: Path, repeats: int | None) -> Path:
    """Find what would stop the run at its end before it starts."""
    if data is None:
        raise UsageError("Give --data the folder with the three CSV files.")
    if repeats is not None and repeats < 1:
        raise UsageError(f"--repeats {repeats} runs nothing: give at least 1.")
    if not json_file.absolute().parent.is_dir():
        raise UsageError(f"There is no folder {json_file.absolute().parent} for the JSON file: make it first.")
    return data


def _run(data: Path, split: date | None, request: Request, console: Console) -> list[Record]:
    contract = load_contract(CONTRACT)
    pools = split_pools(read_applications(data, contract), contract, split)
    for pool in pools:
        console.print(f"Pool {pool.name}: {len(pool):,} applications, {pool.first_day} to {pool.last_day}.")
    jobs, left_out = plan_jobs(pools, request)
    for line in left_out:
        console.print(f"Left out, too few applications for two windows without overlap: pool {line}.", soft_wrap=True)
    if not jobs:
        raise UsageError("No pool can supply two windows of any size asked for: give more data, or other --rows.")
    return run_jobs(contract, pools, jobs, console)


def main() -> None:
    """Run the command line."""
    run_command(app)


if __name__ == "__main__":
    main()
