"""Speed of extraction: ours, the previous system's way, and the floor, on the same made-up tables.

Pieces for `python -m benchmarks.speed`: each takes an engine, so that a measurement may run in a process of its own.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date

import pandas as pd
from sqlalchemy import Engine, text

from blocks.postgres.connect import read_snapshot
from blocks.postgres.copy import copy_file
from blocks.postgres.query import Query
from tasks.contract.load import load_contract
from tasks.core.windows import Window
from tasks.demo.generator import make_applications
from tasks.extract.extract import Extract, extract_window, read_answer
from tasks.source_tables.tables import create_tables

CONTRACT = load_contract("loan_applications")
WINDOW = Window(date(2024, 1, 1), date(2024, 1, 31))
FLAT = "flat_applications"
CHUNK = 250_000

# The previous system: three temporary tables of distinct rows, joined, and read row by row.
_PREVIOUS_TABLES = (
    """
    create temporary table temp_loans as
    select distinct
        loan_id, customer_id, lower(loan_status) as loan_status,
        to_timestamp(application_time, 'DD-MM-YYYY HH24:MI')::timestamp as application_time,
        current_loan_amount::numeric as current_loan_amount, lower(term) as term, tax_liens::numeric as tax_liens,
        lower(purpose) as purpose, no_of_properties::numeric as no_of_properties
    from loan_details
    where
        to_timestamp(application_time, 'DD-MM-YYYY HH24:MI') >= %(start)s::timestamp
        and to_timestamp(application_time, 'DD-MM-YYYY HH24:MI') < %(end)s::timestamp + interval '1 day'
    """,
    """
    create temporary table temp_customers as
    select distinct
        customer_id, replace(lower(home_ownership), 'havemortgage', 'home mortgage') as home_ownership,
        annual_income::numeric as annual_income, lower(years_in_current_job) as years_in_current_job,
        months_since_last_delinquent::numeric as months_since_last_delinquent, no_of_cars::numeric as no_of_cars,
        no_of_children::numeric as no_of_children
    from customer_details
    """,
    """
    create temporary table temp_credits as
    select distinct
        customer_id, credit_score::numeric as credit_score,
        replace(replace(monthly_debt, '$', ''), ',', '')::numeric as monthly_debt,
        years_of_credit_history::numeric as years_of_credit_history,
        no_of_open_accounts::numeric as no_of_open_accounts, no_of_credit_problems::numeric as no_of_credit_problems,
        current_credit_balance::numeric as current_credit_balance,
        nullif(max_open_credit, '#VALUE!')::numeric as max_open_credit, bankruptcies::numeric as bankruptcies
    from credit_details
    """,
)
_PREVIOUS_ANSWER = (
    "select * from temp_loans left join temp_customers using (customer_id) left join temp_credits using (customer_id)"
)


def make_tables(engine: Engine, rows: int) -> None:
    """Fill the three source tables with `rows` loans of one quiet month, 64 % with records, and the demo's dirt.

    The applicants of one chunk are used again under other identifiers: what is measured does not depend on it.
    """
    with engine.begin() as connection:
        for source in CONTRACT.sources:
            connection.execute(text(f"drop table if exists {source.table}"))
        create_tables(connection, CONTRACT.sources)
        for chunk in _make_chunks(rows):
            for table, records in chunk.items():
                copy_file(connection, table, tuple(records.columns), io.BytesIO(records.to_csv(index=False).encode()))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for source in CONTRACT.sources:
            connection.execute(text(f"vacuum analyze {source.table}"))


def make_flat_table(engine: Engine) -> None:
    """What the floor reads: one table of the extracted columns with their types, in no need of joining or cleaning."""
    types = {"number": "double precision", "time": "timestamp", "category": "text", "text": "text"}
    columns = ", ".join(f"{column.name} {types[column.type]}" for column in CONTRACT.columns)
    applications = extract_window(engine, CONTRACT, WINDOW).applications
    with engine.begin() as connection:
        connection.execute(text(f"drop table if exists {FLAT}"))
        connection.execute(text(f"create table {FLAT} ({columns})"))
        for start in range(0, len(applications), CHUNK):
            written = applications.iloc[start : start + CHUNK].to_csv(index=False).encode()
            copy_file(connection, FLAT, tuple(applications.columns), io.BytesIO(written))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"vacuum analyze {FLAT}"))


def extract_ours(engine: Engine, window: Window = WINDOW) -> Extract:
    """As the monitor flow does."""
    return extract_window(engine, CONTRACT, window)


def extract_previous(engine: Engine, window: Window = WINDOW) -> pd.DataFrame:
    """As the previous system did. Its query wanted whole days too; its end was midnight, which is mended here."""
    parameters = {"start": window.start, "end": window.end}
    with engine.connect() as connection:
        for statement in _PREVIOUS_TABLES:
            connection.exec_driver_sql(statement, parameters)
        frame = pd.read_sql(text(_PREVIOUS_ANSWER), connection)
        connection.rollback()
    return frame


def extract_floor(engine: Engine, window: Window = WINDOW) -> pd.DataFrame:
    """COPY of the same typed columns from one flat table, parsed to a frame by the same reader."""
    names = ", ".join(column.name for column in CONTRACT.columns)
    with read_snapshot(engine) as connection:
        return read_answer(connection, Query(f"select {names} from {FLAT}"), {}, CONTRACT).applications


def _make_chunks(rows: int) -> Iterator[dict[str, pd.DataFrame]]:
    made = make_applications(months=1, per_month=min(rows, CHUNK))
    for number, start in enumerate(range(0, rows, CHUNK)):
        kept = min(CHUNK, rows - start) / CHUNK if rows > CHUNK else 1.0
        yield {table: _rename(_keep(records, kept), number) for table, records in made.items()}


def _keep(records: pd.DataFrame, share: float) -> pd.DataFrame:
    """The records of a share of the identifiers: those whose customer's random first digits are small."""
    if share == 1.0:
        return records
    digits = records["customer_id"].str.slice(0, 4).map(lambda text: int(text, 16))
    return records[digits < share * 16**4]


def _rename(records: pd.DataFrame, number: int) -> pd.DataFrame:
    """The same records of other people: identifiers that end otherwise."""
    ids = [name for name in ("loan_id", "customer_id") if name in records]
    return records.assign(**{name: records[name].str.slice(0, 33) + f"{number:03x}" for name in ids})
