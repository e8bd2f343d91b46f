"""How good are the verdicts on any lender? Draws lenders by a seed and counts what is said about their windows.

    python -m benchmarks.lenders --seed 1 --lenders 600 --json lenders.json

Everything random is a function of the seed, the group, the lender's number and a purpose, so that two runs give the
same records.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import App, CycloptsError, Parameter
from joblib import Parallel, delayed, parallel_config
from rich.console import Console
from rich.progress import track

from benchmarks.lenders.runs import Record, Task, run_task
from benchmarks.lenders.shapes import GROUPS
from blocks.errors import LoanwatchError, UsageError

app = App(name="python -m benchmarks.lenders", help=__doc__, help_format="plaintext", suppress_keyboard_interrupt=False)


def run_tasks(tasks: Sequence[Task], processes: int, console: Console) -> list[Record]:
    """The records of all tasks, in the order of the groups and the lenders' numbers."""
    records: list[Record] = []
    with parallel_config(backend="loky", inner_max_num_threads=1):
        parallel = Parallel(n_jobs=processes, return_as="generator_unordered", batch_size=1)
        results = parallel(delayed(run_task)(task) for task in tasks)
        for found in track(results, "Judging lenders", total=len(tasks), console=console):
            records += found
    order = list(GROUPS)
    return sorted(records, key=lambda record: (order.index(record.group), record.lender))


def write_records(records: Sequence[Record], file: Path) -> None:
    """Write the records so that the file is either the old one or the whole new one."""
    with tempfile.NamedTemporaryFile("w", dir=file.parent, prefix=f".{file.name}.", delete=False) as part:
        json.dump([record.as_json() for record in records], part, indent=1)
    os.replace(part.name, file)


@app.default
def run(
    *,
    json_file: Annotated[Path, Parameter(name="--json")],
    seed: int = 0,
    lenders: int = 100,
    nulls: int = 1,
    group: Annotated[list[str] | None, Parameter(negative=())] = None,
    processes: int = os.cpu_count() or 2,
) -> None:
    """Judge lenders and write a record for each window.

    Parameters
    ----------
    json_file
        Where the list of records is written.
    seed
        Of every random draw.
    lenders
        How many of each group.
    nulls
        Windows of each lender in which nothing changes.
    group
        Only this group of lenders; may be repeated.
    processes
        How many lenders are judged at once.
    """
    console = Console(stderr=True)
    if unknown := [name for name in group or () if name not in GROUPS]:
        raise UsageError(f"--group {unknown[0]!r} is no group. There are: {', '.join(GROUPS)}.")
    tasks = [Task(seed, name, number, nulls) for name in group or ["random"] for number in range(lenders)]
    records = run_tasks(tasks, processes, console)
    write_records(records, json_file)
    console.print(f"{len(records)} records are in {json_file}.")


def main() -> None:
    """Run the command line; a mistake ends with its message and exit code, an interruption writes nothing."""
    try:
        app(exit_on_error=False)
    except CycloptsError:  # already shown
        sys.exit(UsageError.exit_code)
    except LoanwatchError as error:
        Console(stderr=True).print(str(error), highlight=False, markup=False, soft_wrap=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        Console(stderr=True).print("Interrupted: nothing was written.")
        sys.exit(130)


if __name__ == "__main__":
    main()
