"""What `flows.describe` prints: a table of what was decided, and what a person should look at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tasks.describe.draft import IGNORED, ColumnDraft, Draft

_LONGEST = 60


def show_draft(console: Console, draft: Draft, files: tuple[Path, Path]) -> None:
    """The decisions, the guesses, and what was written."""
    console.print(_tabulate(draft))
    console.print(f"[bold]{escape(_summarise(draft))}[/bold]")
    doubts = [(column, doubt) for column in draft.columns for doubt in column.doubts]
    if doubts:
        console.print("[bold]Look at:[/bold]")
    for column, doubt in doubts:
        console.print(f"  {column.source}: {doubt}", markup=False, soft_wrap=True)
    contract, query = files
    console.print(f"written: {contract} and {query}", markup=False)


def show_next(console: Console, contract: Path, *, is_loaded: bool) -> None:
    """The next commands."""
    if not is_loaded:
        console.print(f"next: python -m flows.load . --contract {contract}", markup=False)
    console.print(f"{'next' if is_loaded else 'then'}: python -m flows.monitor --contract {contract}", markup=False)


def _tabulate(draft: Draft) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("column", "role", "type", "what was decided"):
        table.add_column(heading, overflow="fold")
    for column in draft.columns:
        style = "dim" if column.role == IGNORED else ""
        cells = (column.source, column.role, column.reading.type, _decide(column))
        table.add_row(*map(escape, cells), style=style)
    for name, column in draft.durations.items():
        table.add_row(*map(escape, (name, "feature", "number", f"days from {column.source} to the application")))
    for ratio in draft.ratios:
        factor = "" if ratio.factor == 1 else f" × {ratio.factor:g}"
        table.add_row(
            *map(escape, (ratio.name, "derived", "number", f"{ratio.numerator}{factor} / {ratio.denominator}"))
        )
    for name, features in draft.records.items():
        table.add_row(*map(escape, (name, "derived", "boolean", f"whether any of {_shorten(features)} has a value")))
    return table


def _decide(column: ColumnDraft) -> str:
    """What the contract says of a column, in a line; of one that is left out, why."""
    if column.role == IGNORED:
        return "; ".join([*column.notes, *column.doubts])
    said = [f"{name} {_shorten(value)}" for name, value in column.options.items() if name != "encoding"]
    if column.name != column.source:
        said.insert(0, f"as {column.name}")
    if column.sampled.blank >= 0.005:
        said.append(f"{column.sampled.blank:.0%} blank")
    return "; ".join(said)


def _shorten(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(value)
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _summarise(draft: Draft) -> str:
    left_out = sum(column.role == IGNORED for column in draft.columns)
    said = (
        f"{draft.base.rows:,} rows, {len(draft.columns)} columns: {len(draft.features)} features, {left_out} left out"
    )
    time = draft.with_role("time")
    if time is not None and time.reading.time is not None:
        said += f"; applications of {time.reading.time.first} to {time.reading.time.last}"
    if not draft.base.is_whole:
        said += "; of this large file only the beginning was read"
    for join in draft.joins:
        said += f"; {join.table} joined by {join.key} ({join.coverage:.0%} have a record)"
    return said
