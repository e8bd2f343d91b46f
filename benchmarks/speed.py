"""How fast, and how large? Measures every stage and the alternatives side by side, on made-up applications.

    python -m benchmarks.speed --rows 100000 --rows 1000000 --json speed.json

Every measurement is a process of its own. The variants of one work take turns, and the median of the repeats counts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Annotated, Any

from cyclopts import App, Parameter
from rich.console import Console

from benchmarks.peer_environments import PEERS, SERVERS, find_python
from benchmarks.speed_commands import PER_MONTH
from benchmarks.speed_data import HOME
from benchmarks.speed_pieces import COMMANDS, PIECES
from benchmarks.speed_wide import SHAPES, THOUSAND, count_rows
from blocks.errors import LoanwatchError, UsageError
from blocks.postgres.embedded import remove_embedded

ROOT = Path(__file__).parent.parent
LONGEST_TRAINING = 100_000

app = App(name="python -m benchmarks.speed", help=__doc__, help_format="plaintext")


class MeasureError(LoanwatchError):
    """A measured process failed."""


@dataclass(frozen=True)
class Record:
    """One work done in one way: medians of the repeats, and the greatest peak; `more` is what a work tells beside."""

    work: str
    variant: str
    rows: int
    seconds: float
    cpu_seconds: float
    peak_mb: float
    repeats: int
    more: dict[str, float] = field(default_factory=dict)


@app.default
def run(
    *,
    json_file: Annotated[Path, Parameter(name="--json")],
    rows: Annotated[list[int] | None, Parameter(negative=())] = None,
    only: Annotated[list[str] | None, Parameter(negative=())] = None,
    repeats: int = 3,
) -> int:
    """Measure, print the ratios, and write the records.

    Parameters
    ----------
    json_file
        Where the list of records is written.
    rows
        Applications in the window; may be repeated. Default: 100,000.
    only
        A work (extract, quality, preprocess, profile, drift, score, pages, train, cluster, flow, api,
        start, backfill, history, wide, thousand); may be repeated. Default: all but the last, which takes longest.
    repeats
        Measurements of each variant.
    """
    console, records = Console(highlight=False), []
    works = tuple(only or (work for work in PIECES if work != THOUSAND.name))
    try:
        if unknown := [work for work in works if work not in PIECES]:
            raise UsageError(f"--only does not know {unknown[0]!r}. There are: {', '.join(PIECES)}.")
        for count in rows or [100_000]:
            with tempfile.TemporaryDirectory(prefix="loanwatch-speed-") as folder:
                try:
                    records += measure_all(Path(folder), count, works, repeats, console)
                finally:
                    for home in Path(folder).rglob(HOME):
                        remove_embedded(home)
                json_file.write_text(json.dumps([asdict(record) for record in records], indent=1), encoding="utf-8")
    except LoanwatchError as error:
        Console(stderr=True).print(f"[bold red]error:[/] {error}")
        return error.exit_code
    for line in compare(records):
        console.print(line)
    return 0


def measure_all(folder: Path, rows: int, works: tuple[str, ...], repeats: int, console: Console) -> list[Record]:
    """Make the inputs for so many rows, then measure every variant of every work."""
    folder.chmod(0o755)
    console.print(f"{rows:,} applications: making the inputs …", style="dim")
    for name in SHAPES.keys() & set(works):
        _call(folder, f"make_wide_tables(folder, {name!r})")
    if set(works) - set(COMMANDS):
        _call(folder, f"make_tables(folder, {rows})")
    if "extract" in works:
        _call(folder, "make_flat_table(folder)")
    if set(works) - {"extract", "cluster", "flow", *COMMANDS}:
        _call(folder, f"make_inputs(folder, {LONGEST_TRAINING})")
    records = []
    for work in works:
        others = (*PEERS, *SERVERS)
        variants = [name for name in PIECES[work][1] if name not in others or find_python(name).exists()]
        if work == "flow":  # the first run trains the champion
            probe(folder, work, variants[0])
        taken: dict[str, list[dict[str, Any]]] = {name: [] for name in variants}
        for _ in range(repeats):
            for name in list(variants):
                try:
                    taken[name].append(probe(folder, work, name))
                except MeasureError as error:
                    if name not in others:
                        raise
                    variants.remove(name)  # what it cannot do must not cost what was measured
                    console.print(f"{work}: {name} is left out. {str(error).strip().splitlines()[-1]}", style="dim")
        sizes = {"train": min(rows, LONGEST_TRAINING), **dict.fromkeys(COMMANDS, PER_MONTH)}
        sizes |= {name: count_rows(shape) for name, shape in SHAPES.items()}
        size = sizes.get(work, rows)
        for name in variants:
            records.append(_summarise(work, name, size, taken[name]))
            console.print(_tell(records[-1]))
    return records


def probe(folder: Path, work: str, variant: str) -> dict[str, Any]:
    """One measurement in a process of its own. Raises MeasureError with what it said."""
    written = _execute(folder, ["-m", "benchmarks.speed_probe", work, variant, str(folder)])
    measured: dict[str, Any] = json.loads(written.strip().splitlines()[-1])
    return measured


def _call(folder: Path, made: str) -> None:
    """Make inputs in a process of its own, so that this one stays small."""
    code = f"from pathlib import Path; from benchmarks.speed_data import *; folder = Path({str(folder)!r}); {made}"
    _execute(folder, ["-c", code])


def _execute(folder: Path, arguments: list[str]) -> str:
    kept = {name: value for name, value in os.environ.items() if name != "LOANWATCH_DATABASE_URL"}
    environment = {**kept, "LOANWATCH_HOME": str(folder / ".loanwatch"), "LOANWATCH_STATEMENT_TIMEOUT": "3600"}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise MeasureError(f"{' '.join(arguments[:4])} failed:\n{done.stdout[-1000:]}{done.stderr[-3000:]}")
    return done.stdout


def _summarise(work: str, variant: str, rows: int, taken: list[dict[str, Any]]) -> Record:
    seconds, cpu = (round(median(each[name] for each in taken), 3) for name in ("seconds", "cpu_seconds"))
    more = {name: median(each["more"].get(name, 0.0) for each in taken) for name in taken[0].get("more", {})}
    return Record(work, variant, rows, seconds, cpu, round(max(each["peak_mb"] for each in taken)), len(taken), more)


def _tell(record: Record) -> str:
    return (
        f"{record.work:<11}{record.variant:<24}{record.rows:>11,} rows {record.seconds:>9.2f} s "
        f"{record.cpu_seconds:>9.2f} s CPU {record.peak_mb:>8,.0f} MB"
        + "".join(f"\n{'':<11}{name:<24}{value:>11,.5g}" for name, value in record.more.items())
    )


def compare(records: list[Record]) -> list[str]:
    """Every variant against ours, and the growth of ours with the rows."""
    lines = []
    ours = {(record.work, record.rows): record for record in records if record.variant == "loanwatch"}
    for record in records:
        own: Any = ours.get((record.work, record.rows))
        if own is not None and record is not own and record.more:
            lines += [
                f"{record.work}: {record.variant}'s {name} is {value / own.more[name]:.2f} times ours"
                for name, value in record.more.items()
            ]
        elif own is not None and record is not own:
            lines.append(
                f"{record.work}, {record.rows:,} rows: {record.variant} takes {record.seconds / own.seconds:.2f} times "
                f"our time and {record.peak_mb / own.peak_mb:.2f} times our memory"
            )
    for (work, rows), record in ours.items():
        more: Any = ours.get((work, rows * 10))
        if more is not None:
            lines.append(f"{work}: {more.seconds / record.seconds:.2f} times the time for 10 times the rows")
    return lines


if __name__ == "__main__":
    sys.exit(app())
