"""Compare: two files, or two data frames, one verdict. No database, no Prefect server, nothing is kept.

python -m flows.compare reference.csv window.csv --target loan_status
"""

from __future__ import annotations

import sys
import time as clock
from datetime import date
from pathlib import Path
from typing import Annotated

import pandas as pd
from cyclopts import App, Parameter
from rich.console import Console
from rich.text import Text

from blocks.errors import LoanwatchError, UsageError
from flows.cli.console import make_table
from flows.cli.errors import show_error
from flows.cli.fail_on import judge_exit, read_questions
from tasks.compare.compare import compare_files, compare_frames
from tasks.compare.describe_files import Given
from tasks.compare.verdicts import LABELS, Verdicts, refuse_foreign
from tasks.core.policy import MonitorPolicy, load_policy

app = App(name="flows.compare", help=__doc__)
OPTIONS = {name: f"--{name.replace('_', '-')}" for name in ("target", "time", "id", "contract", "split_at", "report")}
Several = Annotated[list[str], Parameter(consume_multiple=True)]


@app.default
def command(
    reference: Path,
    window: Path | None = None,
    *,
    target: str = "",
    positive: Several | None = None,
    time: str = "",
    id: str = "",
    customer: str = "",
    split_at: date | None = None,
    contract: str = "",
    policy: Annotated[Path | None, Parameter(help="Limits other than the default: a TOML file.")] = None,
    report: Path = Path("report.html"),
    json_file: Annotated[Path | None, Parameter(name="--json")] = None,
    fail_on: Several | None = None,
) -> int:
    """Compare two tables of loan applications: quality, data, label, concept and model drift.

    Exit code 0: compared, whatever was found; 1: it could not be; 2: bad arguments; 3: a question named by --fail-on
    failed.

    Parameters
    ----------
    reference
        The rows to compare with: a CSV or Parquet file.
    window
        The rows that are compared: another one. Not with --split-at.
    target
        The column with the decision. Without it only data quality and data drift are tested.
    positive
        Its value, or values, that count as positive.
    time
        The column with the time of the application.
    id
        The column that identifies the application.
    customer
        The column that identifies the applicant.
    split_at
        Compare the rows of the one file from this day on with those before.
    contract
        A contract that describes the columns: a TOML file, or one that comes with loanwatch.
    report
        Where the report is written. Only the report of an earlier comparison is replaced.
    json_file
        Where the findings are written, as JSON.
    fail_on
        Exit with 3 where one of these questions failed: quality, drift, data, label, concept, model.
    """
    console, began = Console(highlight=False), clock.monotonic()
    try:
        files = choose_files(reference, window, split_at)
        questions = read_questions(fail_on)
        for file in filter(None, (report, json_file)):
            refuse_foreign(file)
        given = Given(target, tuple(positive or ()), time, id, customer, contract)
        with console.status("comparing …"):
            found = compare_files(files, given, split_at=split_at, policy=load_policy(policy))
        written = [found.write_report(report), *([found.write_findings(json_file)] if json_file else [])]
    except LoanwatchError as error:
        return show_error(error, OPTIONS)
    show_comparison(console, found, written, clock.monotonic() - began)
    return judge_exit(found.summary, questions)


def compare_tables(
    reference: pd.DataFrame,
    window: pd.DataFrame,
    *,
    target: str = "",
    positive: str | list[str] | None = None,
    time: str = "",
    id: str = "",
    customer: str = "",
    contract: str = "",
    policy: MonitorPolicy | None = None,
) -> Verdicts:
    """Compare two data frames of loan applications, as the command does; the result shows itself in a notebook.

    Parameters
    ----------
    reference, window : DataFrame
        The rows to compare with, and those that are compared, with the same columns.
    target : str
        The column with the decision. Without it only data quality and data drift are tested.
    positive : str or list of str, optional
        Its value, or values, that count as positive.
    time, id, customer : str
        The columns with the time of the application, and that identify it and its applicant.
    contract : str
        A contract that describes the columns: a TOML file, or one that comes with loanwatch.
    policy : MonitorPolicy, optional
        Limits other than the default.

    Returns
    -------
    Verdicts
        `outcome`, `verdicts`, `findings`, `summary`, and `write_report(path)`.
    """
    values = (positive,) if isinstance(positive, str) else tuple(positive or ())
    return compare_frames(reference, window, Given(target, values, time, id, customer, contract), policy=policy)


def choose_files(reference: Path, window: Path | None, split_at: date | None) -> list[Path]:
    """The files to read. Raises UsageError unless there are two, or one to be split."""
    if (window is None) == (split_at is None):
        raise UsageError("Give two files, the reference first; or one file and --split-at DATE.")
    return [reference] if window is None else [reference, window]


def show_comparison(console: Console, found: Verdicts, written: list[Path], seconds: float) -> None:
    """The answers to the five questions, what was left out, and where the report is."""
    summary = found.summary
    console.print()
    for side, before, style in (("window", "", "bold"), ("reference", "against ", "dim")):
        told = summary[side]
        days = f", {told['start']} to {told['end']}" if told["start"] else ""
        line = f"{before}{told['name']}{days}: {told['applications']:,} applications"
        console.print(line, style=style, markup=False, soft_wrap=True)
    console.print(make_table(summary))
    console.print(f"\n  {found.reason}", markup=False)
    for note in summary["notes"]:
        console.print(f"  {note}", markup=False, style="dim")
    for name, file in zip(("report", "findings"), written, strict=False):
        console.print(f"  {name}: {file}", markup=False, soft_wrap=True)
    console.print(f"  took {seconds:.1f} s", style="dim")
    tone = LABELS[found.outcome].tone
    console.print(Text.assemble("outcome: ", (found.outcome, f"bold {tone.terminal}")))


if __name__ == "__main__":
    sys.exit(app())
