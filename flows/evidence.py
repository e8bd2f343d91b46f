"""Evidence: one run as a zip file, with everything that shows what was found and done. It needs no Prefect server."""

from __future__ import annotations

import sys
from pathlib import Path

from cyclopts import App
from rich.console import Console

from blocks.errors import LoanwatchError
from blocks.postgres.connect import adopt_database_option, connect, resolve_database
from flows.cli.errors import report_error
from tasks.reports.evidence_pack import find_run, gather_evidence, write_pack
from tasks.schema.migrate import prepare_schema

app = App(name="flows.evidence", help="Put the evidence of one run into a zip file.")


@app.default
def command(job: str, *, output: Path | None = None, results: str = "results", database: str | None = None) -> int:
    """Zip one run: its pages and records, the model cards, the promotion ledger, and the command that repeats it.

    Exit code 0: done; 1: it could not be; 2: bad arguments.

    Parameters
    ----------
    job
        The run's name: its folder in results/.
    output
        The zip file. Default: evidence-JOB.zip in the results folder.
    results
        Folder with the runs' pages.
    database
        A prefect-sqlalchemy block's name or a postgresql:// URL.
    """
    try:
        folder = find_run(Path(results).absolute(), job)
        engine = connect(resolve_database(adopt_database_option(database)))
        prepare_schema(engine)
        with engine.connect() as connection:
            files = gather_evidence(connection, folder)
        path = output or folder.parent / f"evidence-{job}.zip"
        size = write_pack(path, job, files)
    except LoanwatchError as error:
        return report_error(error)
    Console(highlight=False).print(f"{path}: {len(files)} files, {size / 1e6:.1f} MB", markup=False, soft_wrap=True)
    return 0


if __name__ == "__main__":
    sys.exit(app())
