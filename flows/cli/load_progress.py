"""How far a load is, on the error stream: a line that moves at a terminal, else a line every so often."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from tasks.source_tables.load import Progress as Show

SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def show_load(console: Console | None = None, every: float = SECONDS_BETWEEN_LINES) -> Iterator[Show]:
    """What `load_tables` calls with a table and how many of its rows were read."""
    console = console or Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield _write_lines(console, every)
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        line = progress.add_task("reading the files …")

        def move(table: str, rows: int) -> None:
            progress.update(line, description=f"{table}: {rows:,} rows")

        yield move


def _write_lines(console: Console, every: float) -> Show:
    last = time.monotonic()

    def write(table: str, rows: int) -> None:
        nonlocal last
        if time.monotonic() - last >= every:
            last = time.monotonic()
            console.print(f"  {table}: {rows:,} rows so far", markup=False, soft_wrap=True)

    return write
