"""Command line: how a benchmark's command runs its tasks, and how it ends."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from cyclopts import App, CycloptsError
from joblib import Parallel, delayed, parallel_config
from rich.console import Console
from rich.progress import track

from blocks.errors import LoanwatchError, UsageError

Task = TypeVar("Task")
Record = TypeVar("Record")


def run_in_processes(
    run: Callable[[Task], Iterable[Record]], tasks: Sequence[Task], processes: int, doing: str, console: Console
) -> list[Record]:
    """What each task gives, all together and in no order; one thread each, with a bar that shows what is being done."""
    records: list[Record] = []
    with parallel_config(backend="loky", inner_max_num_threads=1):
        parallel = Parallel(n_jobs=processes, return_as="generator_unordered", batch_size=1)
        results = parallel(delayed(run)(task) for task in tasks)
        for found in track(results, doing, total=len(tasks), console=console):
            records += found
    return records


def run_command(app: App) -> None:
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
