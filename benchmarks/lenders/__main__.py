"""How good are the verdicts on any lender? Draws lenders by a seed and counts what is said about their windows.

    python -m benchmarks.lenders --seed 1 --lenders 600 --json lenders.json

Everything random is a function of the seed, the group, the lender's number and a purpose, so that two runs give the
same records.
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
from benchmarks.lenders.changes import BY_NAME, NOTHING
from benchmarks.lenders.goals import list_goals
from benchmarks.lenders.lender import KINDS
from benchmarks.lenders.records import Record
from benchmarks.lenders.runs import Task, run_task
from benchmarks.lenders.shapes import GROUPS
from benchmarks.lenders.table import as_markdown
from blocks.errors import UsageError
from tasks.core.files import write_json

PROCESSES = os.cpu_count() or 2

app = App(name="python -m benchmarks.lenders", help=__doc__, help_format="plaintext", suppress_keyboard_interrupt=False)


def run_tasks(tasks: Sequence[Task], processes: int, console: Console) -> list[Record]:
    """The records of all tasks, in the order of the groups and the lenders' numbers."""
    records = run_in_processes(run_task, tasks, processes, "Judging lenders", console)
    order = list(GROUPS)
    return sorted(records, key=lambda record: (order.index(record.group), record.lender))


@app.default
def run(  # noqa: PLR0913 - each one is an option of the command line
    *,
    json_file: Annotated[Path, Parameter(name="--json")],
    seed: int = 0,
    lenders: int = 100,
    nulls: int = 1,
    group: Annotated[list[str] | None, Parameter(negative=())] = None,
    only: str | None = None,
    change: Annotated[list[str] | None, Parameter(negative=())] = None,
    leaks_only: Annotated[bool, Parameter(negative=())] = False,
    processes: int = PROCESSES,
    markdown: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Judge lenders and write a record for each window; or, with --markdown, print the table of an earlier run.

    Parameters
    ----------
    json_file
        Where the list of records is written (with --markdown: read).
    seed
        Of every random draw.
    lenders
        How many of each group, numbered from 0.
    nulls
        Windows of each lender in which nothing changes.
    group
        A group of lenders: random, ripening, customers, leaks, rare, power; may be repeated. Without it: random.
    only
        Lenders of this kind only, such as "many words".
    change
        Plant this change only, such as "column moved", or "nothing" for none; may be repeated.
    leaks_only
        Search the windows in which nothing changes for leaks, and ask nothing else: that needs no model.
    processes
        How many lenders are judged at once, with one thread each.
    markdown
        Run nothing; print the goals and tables of the JSON file.
    """
    if markdown:
        print(as_markdown(json.loads(json_file.read_text(encoding="utf-8"))))
        return
    _refuse_unknown(group or (), GROUPS, "group")
    _refuse_unknown(change or (), (NOTHING, *BY_NAME), "change")
    _refuse_unknown([only] if only else (), KINDS, "only")
    if not json_file.absolute().parent.is_dir():
        raise UsageError(f"There is no folder {json_file.absolute().parent} for the JSON file: make it first.")
    chosen = tuple(change) if change else None
    tasks = [
        Task(seed, name, number, nulls, chosen, only, leaks_only)
        for name in group or ["random"]
        for number in range(lenders)
    ]
    console = Console(stderr=True)
    records = run_tasks(tasks, processes, console)
    write_json(json_file, [record.as_json() for record in records])
    console.print(f"{len(records)} records are in {json_file}.")
    for goal in list_goals([record.as_json() for record in records]):
        console.print(str(goal), highlight=False, markup=False, soft_wrap=True)


def _refuse_unknown(names: Iterable[str], known: Iterable[str], option: str) -> None:
    if unknown := [name for name in names if name not in known]:
        raise UsageError(f"--{option} {unknown[0]!r} is not known. There are: {', '.join(known)}.")


def main() -> None:
    """Run the command line."""
    run_command(app)


if __name__ == "__main__":
    main()
