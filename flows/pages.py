"""Pages: draw the deepchecks pages of a run that has ended. It needs no Prefect server."""

from __future__ import annotations

import sys
from pathlib import Path

from cyclopts import App
from rich.console import Console

from blocks.errors import LoanwatchError, UsageError
from blocks.postgres.connect import adopt_database_option, connect, resolve_database
from flows.cli.errors import report_error
from tasks.contract.load import load_contract
from tasks.reports.evidence_pack import find_run
from tasks.reports.redraw import redraw_pages
from tasks.schema.migrate import prepare_schema

app = App(name="flows.pages", help="Draw the deepchecks pages of runs that have ended.")


@app.default
def command(
    *jobs: str, contract: str = "loan_applications", results: str = "results", database: str | None = None
) -> int:
    """Draw the deepchecks pages of runs that have ended, such as those of a backfill, into their folders.

    They are for information: no verdict depends on them. They show a run's window as the table holds it now.

    Exit code 0: done; 1: a page could not be drawn; 2: bad arguments.

    Parameters
    ----------
    jobs
        The runs' names: their folders in results/.
    contract
        What the table is: a contract that comes with loanwatch, or a TOML file.
    results
        Folder with the runs' pages.
    database
        A prefect-sqlalchemy block's name or a postgresql:// URL.
    """
    console = Console(highlight=False)
    try:
        if not jobs:
            raise UsageError(f"Name at least one run: a folder in {results}.")
        folders = [find_run(Path(results).absolute(), job) for job in jobs]
        table, found = load_contract(contract), resolve_database(adopt_database_option(database))
        prepare_schema(connect(found))
        for folder in folders:
            drawn = redraw_pages(found, table, folder)
            names = ", ".join(drawn.values())
            console.print(f"{folder}: {names}", markup=False, soft_wrap=True)
    except LoanwatchError as error:
        return report_error(error)
    return 0


if __name__ == "__main__":
    sys.exit(app())
