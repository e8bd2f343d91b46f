"""Two files: how long `flows.compare` takes, how often it alarms for nothing, and whether it finds planted changes.

    python -m benchmarks.two_files --json two_files.json

The files are the synthetic demo lender's: 20,000 applications of quiet months. The command is a process of its own.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Annotated

import numpy as np
import pandas as pd
from cyclopts import App, Parameter

from tasks.compare.compare import compare_files
from tasks.compare.describe_files import Given
from tasks.compare.verdicts import Verdicts
from tasks.demo.one_table import make_table, take_months

BUILT_IN = "loan_applications"
QUIET, CHANGED_RULE_MONTH = (2, 3, 4, 5, 6, 7), 10
PER_MONTH = 3_400
SHARES = (0.5, 0.25)  # of the rows, in the window of a random split

app = App(name="python -m benchmarks.two_files", help=__doc__, help_format="plaintext")


@app.default
def run(*, json_file: Annotated[Path, Parameter(name="--json")], splits: int = 20, repeats: int = 3) -> int:
    """Measure, print and write the record.

    Parameters
    ----------
    json_file
        Where the record is written.
    splits
        Random splits of one table, in which nothing has changed.
    repeats
        Runs of the command; the median counts.
    """
    table = make_table(months=CHANGED_RULE_MONTH, per_month=PER_MONTH)
    quiet = take_months(table, *QUIET).head(20_000)
    with tempfile.TemporaryDirectory() as folder:
        record = {
            "rows": len(quiet),
            "columns": len(quiet.columns),
            "command": measure_command(Path(folder), quiet, repeats),
            "splits": splits,
            "alarms": [found for found in list_false_alarms(Path(folder), quiet, splits) if found],
            "planted": {name: compare(Path(folder), *pair) for name, pair in plant(table, quiet)},
        }
    print(json.dumps(record, indent=2))
    json_file.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return 0


def measure_command(folder: Path, quiet: pd.DataFrame, repeats: int) -> dict[str, float]:
    """Seconds, processor seconds and the peak of the memory, from the command to its end."""
    files = write_files(folder, quiet.head(15_000), quiet.tail(5_000))
    command = [sys.executable, "-m", "flows.compare", *map(str, files), "--contract", BUILT_IN]
    seconds, before = [], resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(repeats):
        began = time.perf_counter()
        subprocess.run([*command, "--report", str(folder / "report.html")], check=True, stdout=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - began)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "seconds": round(median(seconds), 1),
        "cpu_seconds": round(spent / repeats, 1),
        "peak_mb": round(after.ru_maxrss / 1024),
    }


def list_false_alarms(folder: Path, quiet: pd.DataFrame, splits: int) -> Iterator[list[str]]:
    """The alarms of each split."""
    for number in range(splits):
        is_window = np.random.default_rng(number).random(len(quiet)) < SHARES[number % len(SHARES)]
        yield compare(folder, quiet[~is_window], quiet[is_window])


def plant(table: pd.DataFrame, quiet: pd.DataFrame) -> Iterator[tuple[str, tuple[pd.DataFrame, pd.DataFrame]]]:
    """Pairs of tables with one change each: its name, and the two."""
    before, now = take_months(quiet, *QUIET[:-2]), take_months(quiet, *QUIET[-2:])
    income = pd.to_numeric(now["annual_income"])
    yield "income x 1.2", (before, now.assign(annual_income=(income * 1.2).round()))
    refused = np.flatnonzero(now["loan_status"].str.casefold() == "loan refused")
    status = now["loan_status"].to_numpy(copy=True)
    status[np.random.default_rng(0).permutation(refused)[: round(0.06 * len(now))]] = "loan given"
    yield "positive + 6 points", (before, now.assign(loan_status=status))
    yield "another rule", (before, take_months(table, CHANGED_RULE_MONTH))


def compare(folder: Path, reference: pd.DataFrame, window: pd.DataFrame) -> list[str]:
    """What was found: each alarm's question, check and column."""
    found: Verdicts = compare_files(write_files(folder, reference, window), Given(contract=BUILT_IN))
    return [f"{alarm.question} {alarm.check} {alarm.subject}".strip() for alarm in found.alarms]


def write_files(folder: Path, reference: pd.DataFrame, window: pd.DataFrame) -> list[Path]:
    """Both tables as CSV files."""
    files = [folder / "reference.csv", folder / "window.csv"]
    for file, table in zip(files, (reference, window), strict=True):
        table.to_csv(file, index=False)
    return files


if __name__ == "__main__":
    sys.exit(app())
