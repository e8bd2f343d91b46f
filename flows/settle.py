"""Settle: accept a change that a run found, open it again, or say that it was seen. It needs no Prefect server."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from cyclopts import App
from rich.console import Console
from rich.table import Table

from blocks.errors import LoanwatchError
from blocks.postgres.connect import adopt_database_option, connect, resolve_database
from flows.cli.announce import report_change
from flows.cli.errors import report_error
from tasks.changes.past_runs import ACCEPT, REOPEN
from tasks.changes.settlements import FoundChange, Request, SettlementError, acknowledge, list_changes, settle
from tasks.contract.load import load_contract
from tasks.core.wording import VERDICTS, shorten
from tasks.job.job import name_job
from tasks.schema.migrate import prepare_schema

app = App(name="flows.settle", help="Accept a change that a run found, open it again, or say that it was seen.")


@app.default
def command(
    change: str | None = None,
    *,
    run: str | None = None,
    who: str = "",
    why: str = "",
    reopen: bool = False,
    seen: bool = False,
    contract: str = "loan_applications",
    database: str | None = None,
) -> int:
    """List the changes of a run, accept one, open it again, or say that the run was seen.

    An accepted change is known from then on, as it was in that run's window, and no challenger is trained for it
    again; a further change is an alarm. A change that is opened again is an alarm in the next window that shows it.

    With --seen the history shows who has seen the run's findings, and the comment. No verdict changes by it.

    Exit code 0: done; 1: it could not be, and nothing was changed; 2: bad arguments.

    Parameters
    ----------
    change
        The change, as the list names it, such as data/annual_income. Default: list the run's changes.
    run
        The run that found it. Default: the latest one that found any.
    who
        Who decides; it goes into the ledger. With --seen: who has seen it.
    why
        The reason; it goes into the ledger. With --seen: a comment.
    reopen
        Open the change again in place of accepting it.
    seen
        Record that a person has seen the run. No change is named.
    contract
        What the table is: a contract that comes with loanwatch, or a TOML file.
    database
        A prefect-sqlalchemy block's name or a postgresql:// URL.
    """
    console = Console(highlight=False)
    try:
        if seen and (change or reopen):
            raise SettlementError("--seen is about a whole run: name no change, and leave out --reopen.")
        name = load_contract(contract).name
        place = resolve_database(adopt_database_option(database))
        engine = connect(place)
        prepare_schema(engine)
        with engine.begin() as connection:
            if seen:
                seen_run = acknowledge(connection, name, run, who.strip(), why.strip())
                console.print(f"Run {seen_run} was seen by {who.strip()}. No verdict was changed.", markup=False)
                return 0
            job_id, changes = list_changes(connection, name, run)
            if change is None:
                console.print(tabulate(job_id, changes))
                return 0
            request = Request(job_id, change, REOPEN if reopen else ACCEPT, who.strip(), why.strip())
            row = settle(connection, name, name_job(datetime.now(UTC)), request)
    except LoanwatchError as error:
        return report_error(error)
    said = f"{row.why} The ledger has a row of it; version {row.to_version} stays."
    console.print(said, markup=False, soft_wrap=True)
    # Where the alarm was reported: later runs raise none for an accepted change.
    if alert := report_change(place, row)[0]:
        console.print(f"alert: {alert}", markup=False, soft_wrap=True)
    return 0


def tabulate(job_id: str, changes: list[FoundChange]) -> Table:
    """The changes of a run as a table."""
    table = Table("change", "result", "finding", box=None, title=f"run {job_id}", title_justify="left")
    for change in changes:
        label = VERDICTS[change.verdict]
        table.add_row(change.family, f"{label.mark} {label.name}", shorten(change.sentence, 200))
    return table


if __name__ == "__main__":
    sys.exit(app())
