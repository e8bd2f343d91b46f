"""History: rebuild the page that shows all runs, or show two of them side by side. It needs no Prefect server."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console

from blocks.errors import LoanwatchError
from blocks.postgres.connect import adopt_database_option, connect, resolve_database
from flows.cli.errors import report_error
from tasks.core.files import make_private_folder
from tasks.job.job import ResultsError
from tasks.reports.history import write_comparison, write_history
from tasks.schema.migrate import prepare_schema

app = App(name="flows.history", help="Rebuild the page that shows all runs, or show two of them side by side.")


@app.default
def command(
    *,
    compare: Annotated[tuple[str, str] | None, Parameter(negative=())] = None,
    database: str | None = None,
    results: str = "results",
) -> int:
    """Rebuild index.html in the results folder from what the database keeps. Every run does so too.

    With --compare RUN RUN write a page that shows two runs side by side, in place of the history.

    Exit code 0: done; 1: it could not be; 2: bad arguments.

    Parameters
    ----------
    compare
        The names of two runs, as their folders in the results folder are called.
    database
        A prefect-sqlalchemy block's name or a postgresql:// URL.
    results
        Folder with the runs' pages.
    """
    folder = Path(results).absolute()
    try:
        make_private_folder(folder)
        engine = connect(resolve_database(adopt_database_option(database)))
        prepare_schema(engine)
        with engine.connect() as connection:
            path = write_comparison(connection, folder, compare) if compare else write_history(connection, folder)
    except LoanwatchError as error:
        return report_error(error)
    except OSError as error:
        return report_error(ResultsError(f"The results folder {folder} cannot be written ({error.strerror})."))
    name = "comparison" if compare else "history"
    Console(highlight=False).print(f"{name}: {path}", markup=False, soft_wrap=True)
    return 0


if __name__ == "__main__":
    sys.exit(app())
