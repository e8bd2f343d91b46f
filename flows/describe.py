"""Describe: draft a contract and its query from files or tables. It needs no Prefect server."""

from __future__ import annotations

import dataclasses
import os
import sys
import tomllib
from pathlib import Path
from typing import Any

from cyclopts import App
from pydantic import ValidationError
from rich.console import Console
from rich.prompt import Prompt

from blocks.errors import LoanwatchError, UsageError
from blocks.postgres.connect import adopt_database_option, connect, resolve_database
from flows.cli.description import show_draft, show_next
from flows.cli.errors import report_error
from flows.cli.load_progress import show_load
from flows.load import show_counts
from tasks.contract.load import load_contract
from tasks.core.files import write_text
from tasks.core.validation_messages import describe_mistakes
from tasks.describe.describe import describe_tables
from tasks.describe.draft import Answers, Draft, NeedAnswerError
from tasks.describe.read_files import FileReader
from tasks.describe.read_relations import RelationReader
from tasks.describe.sources import DescribedSource
from tasks.describe.write_contract import make_contract, write_contract
from tasks.describe.write_query import write_query
from tasks.source_tables.load import load_tables

app = App(name="flows.describe", help="Draft the contract of a lender's files or tables.")

ENDINGS = (".csv", ".parquet", ".gz", ".tsv", ".txt", ".pq")
_ASKED = {
    "target": "Which column holds the outcome?",
    "positive": "Which value counts as positive?",
    "time": "Which column is the time of the application?",
}


@app.default
def command(
    *sources: str,
    target: str = "",
    positive: list[str] | None = None,
    negative: list[str] | None = None,
    undecided: list[str] | None = None,
    time: str = "",
    id: str = "",
    customer: str = "",
    timezone: str = "UTC",
    rows_as_time: bool = False,
    name: str = "",
    load: bool = False,
    replace: bool = False,
    force: bool = False,
    database: str | None = None,
) -> int:
    """Read a sample of files or tables, and write NAME.toml and NAME.sql into the current folder.

    Exit code 0: done; 1: it could not be; 2: bad arguments, or an answer that only you know is missing. Then nothing
    is written, except that a contract whose files could not be loaded stays.

    Parameters
    ----------
    sources
        CSV or Parquet files; or tables, views or materialised views of the database.
    target
        The column with the outcome.
    positive
        Its value that counts as positive (the loan was given, was repaid; or the default, if you watch defaults). May
        be repeated.
    negative
        Its values that count as negative. May be repeated. Default: all others.
    undecided
        Its values that are no decision yet, such as pending. May be repeated.
    time
        The column with the time of the application.
    id
        The column that identifies the application.
    customer
        The column that identifies the applicant.
    timezone
        The zone of times that name none, and of the days, such as Europe/Berlin.
    rows_as_time
        Of a file without a time: the order of its rows stands for time, spread over up to seven months from
        2000-01-01.
    name
        The contract's name. Default: the name of the file or table.
    load
        Load the files into the database as well, as `python -m flows.load` does.
    replace
        With --load: put the files in the place of the rows that are there.
    force
        Overwrite NAME.toml and NAME.sql.
    database
        A prefect-sqlalchemy block's name or a postgresql:// URL. Default: LOANWATCH_DATABASE_URL, the block
        loans-postgres, or an embedded PostgreSQL under .loanwatch/.
    """
    console = Console(highlight=False)
    answers = Answers(
        name, target, tuple(positive or ()), tuple(negative or ()), tuple(undecided or ()), time, id, customer,
        timezone, rows_as_time,
    )  # fmt: skip
    try:
        reader = open_sources(sources, database)
        refuse_unfit(reader, is_loading=load, is_by_rows=rows_as_time)
        draft = draft_with_answers(reader, answers, console)
        files = write_files(draft, reader, force)
        show_draft(console, draft, files)
        if load:
            load_files(console, files[0], database, is_replacing=replace)
        show_next(console, files[0], is_loaded=load or not isinstance(reader, FileReader))
    except LoanwatchError as error:
        return report_error(error)
    return 0


def open_sources(sources: tuple[str, ...], database: str | None) -> FileReader | RelationReader:
    """Files, where all names are files; else relations of the database."""
    if not sources:
        raise UsageError("Name a file (loans.csv, loans.parquet), or a table or view of the database.")
    paths = [Path(source) for source in sources]
    are_files = [path.suffix in ENDINGS or os.path.exists(path) for path in paths]
    if any(are_files) and not all(are_files):
        raise UsageError("Name either files or tables of the database, not both: load the files first.")
    if all(are_files):
        return FileReader(paths, Path.cwd())
    return RelationReader(connect(resolve_database(adopt_database_option(database))), sources)


def refuse_unfit(reader: FileReader | RelationReader, *, is_loading: bool, is_by_rows: bool) -> None:
    """Raises UsageError for an option that is for files, where tables of the database are described."""
    if isinstance(reader, FileReader):
        return
    if is_by_rows:
        raise UsageError("A table of a database has no order: --rows-as-time is for files. Name a column with --time.")
    if is_loading:
        raise UsageError("Tables of a database need no loading: leave --load out.")


def draft_with_answers(reader: FileReader | RelationReader, answers: Answers, console: Console) -> Draft:
    """The draft; at a terminal a person is asked for what cannot be known."""
    tables = [reader.sample(source.table) for source in reader.sources]
    while True:
        try:
            return describe_tables(tables, answers, reader.read_keys)
        except NeedAnswerError as error:
            if not sys.stdin.isatty() or error.option not in _ASKED:
                raise
            answers = ask(console, error, answers)


def ask(console: Console, error: NeedAnswerError, answers: Answers) -> Answers:
    """One more answer. An empty one, or the end of the input, gives up with the error itself."""
    console.print(str(error), markup=False)
    try:
        said = Prompt.ask(_ASKED[error.option], console=console, default="")
    except (EOFError, KeyboardInterrupt):
        raise error from None
    if not said.strip():
        raise error
    given: Any = tuple(word.strip() for word in said.split(",")) if error.option == "positive" else said.strip()
    return dataclasses.replace(answers, **{error.option: given})


def write_files(draft: Draft, reader: FileReader | RelationReader, is_forced: bool) -> tuple[Path, Path]:
    """NAME.toml and NAME.sql in the current folder. Raises UsageError where one exists, before either is written."""
    sources = {source.table: source for source in reader.sources}
    files = [source for source in reader.sources if source.is_file]
    texts = {
        Path(f"{draft.name}.toml"): write_contract(draft, files),
        Path(f"{draft.name}.sql"): write_query(draft, sources),
    }
    check_contract(draft, files)
    there = [str(path) for path in texts if path.exists()]
    if there and not is_forced:
        raise UsageError(f"{' and '.join(there)} exist already. Overwrite with --force, or choose another --name.")
    for path, content in texts.items():
        write_text(path, content)
    contract, query = texts
    return contract, query


def check_contract(draft: Draft, files: list[DescribedSource]) -> None:
    """Raises UsageError where no contract can be made of the draft, such as for a zone that there is not."""
    try:
        make_contract(draft, files)
    except ValidationError as error:
        described = tomllib.loads(write_contract(draft, files))
        mistakes = describe_mistakes(error, described)
        raise UsageError(f"No contract can be made of this: it would have {mistakes}") from None


def load_files(console: Console, contract: Path, database: str | None, *, is_replacing: bool) -> None:
    """The described files into the database."""
    place = resolve_database(adopt_database_option(database))
    with show_load() as show:
        counts = load_tables(connect(place), load_contract(str(contract)), Path.cwd(), is_replacing, show)
    show_counts(console, counts, str(place))


if __name__ == "__main__":
    sys.exit(app())
