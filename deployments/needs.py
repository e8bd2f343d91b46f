"""Needs: what a run cannot do without, tried before the first: database, schema, GRANTs, queries, folders, Slack."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from blocks.errors import LoanwatchError
from blocks.postgres.connect import Database, connect, resolve_database
from blocks.postgres.errors import PermissionMissingError, SourceMissingError
from blocks.slack import BLOCK as SLACK_BLOCK
from blocks.slack import WEBHOOK_TYPE, find_bot, find_webhook
from blocks.slack_block import check_webhook
from tasks.contract.contract import Contract
from tasks.contract.load import load_contract
from tasks.extract.check_queries import check_queries
from tasks.schema.migrate import prepare_schema, quote_role

GRANTS = "SECURITY.md, “The database role”, explains them."


@dataclass(frozen=True)
class Need:
    """What was tried, and what came out. `is_fatal` says that no run can do its work until it is corrected."""

    name: str
    said: str
    is_met: bool = True
    is_fatal: bool = False

    def __str__(self) -> str:
        return f"{self.name}: {self.said}" if self.is_met else f"{self.name}: NOT READY. {self.said}"


NO_SLACK = Need("Slack", "there is no block: alerts are kept in the outbox and logged")


def check_needs(parameters: Mapping[str, Any], home: Path | None) -> list[Need]:
    """Try all that a run of these parameters needs.

    Parameters
    ----------
    parameters
        Those of the deployment `monitor/monitor`, as far as they are set: contract, database, results, models.
    home
        The project's folder where the runs are started on this machine; None where they are started elsewhere.
    """
    needs = [*_check_database(parameters, home), _check_slack()]
    if home is not None:
        needs += [_check_folder(name, home / str(parameters.get(name) or name)) for name in ("results", "models")
                  if "://" not in str(parameters.get(name))]  # fmt: skip
    return needs


def _check_database(parameters: Mapping[str, Any], home: Path | None) -> Iterator[Need]:
    try:
        database = resolve_database(parameters.get("database"))
        if database.kind == "embedded":
            yield _describe_embedded(home)
            return
        engine = connect(database)
    except LoanwatchError as error:
        yield Need("database", str(error), is_met=False, is_fatal=True)
        return
    yield Need("database", f"{database}, {_describe(engine)}")
    yield _check_schema(engine)
    yield _check_contract(engine, str(parameters.get("contract") or "loan_applications"), database)


def _check_schema(engine: Engine) -> Need:
    try:
        steps = prepare_schema(engine)
    except LoanwatchError as error:
        return Need("schema loanwatch", str(error), is_met=False, is_fatal=True)
    return Need("schema loanwatch", f"ready{f'; {steps} steps were applied' if steps else ''}")


def _check_contract(engine: Engine, named: str, database: Database) -> Need:
    name = f"contract {named}"
    try:
        contract = load_contract(named)
        check_queries(engine, contract)
    except PermissionMissingError:
        said = "The database role may not read the tables of its queries. Let an administrator run, once:"
        return Need(name, f"{said}\n{write_grants(engine, contract)}\n{GRANTS}", is_met=False, is_fatal=True)
    except SourceMissingError as error:  # a new database is filled later
        return Need(name, str(error), is_met=False)
    except LoanwatchError as error:
        return Need(name, str(error), is_met=False, is_fatal=True)
    return Need(name, f"its queries can be answered from {database}")


def write_grants(engine: Engine, contract: Contract) -> str:
    """The SQL that lets the role read the contract's tables, for an administrator."""
    role = quote_role(str(engine.url.username))
    tables = ", ".join(source.table for source in contract.sources) or "THE TABLES OF THE CONTRACT'S QUERIES"
    return f"  grant select on {tables} to {role};"


def _describe(engine: Engine) -> str:
    with engine.connect() as connection:
        version = connection.execute(text("show server_version")).scalar_one()
    return f"{engine.url.username} on {engine.url.database}, PostgreSQL {str(version).split()[0]}"


def _describe_embedded(home: Path | None) -> Need:
    if home is None:
        said = "no database is registered, and containers have none of their own: name one with LOANWATCH_DATABASE_HOST"
        return Need("database", f"{said}.", is_met=False, is_fatal=True)
    return Need("database", "none is registered: runs use the embedded PostgreSQL, with the demo's applications")


def _check_slack() -> Need:
    try:
        webhook = find_webhook()
        if webhook is not None:
            check_webhook(str(webhook.url), f"The block {SLACK_BLOCK} ({WEBHOOK_TYPE})")
            return Need("Slack", f"the block {SLACK_BLOCK} holds an address; no message was sent")
        bot = find_bot()
    except LoanwatchError as error:
        return Need("Slack", str(error), is_met=False)
    return Need("Slack", f"the block {SLACK_BLOCK} holds a bot's token; no message was sent") if bot else NO_SLACK


def _check_folder(name: str, folder: Path) -> Need:
    there = next(place for place in (folder, *folder.parents) if place.is_dir())
    try:
        with tempfile.TemporaryFile(dir=there):
            return Need(f"{name} folder", f"{folder} can be written")
    except OSError as error:
        said = f"{folder} cannot be written here ({error.strerror}); the worker's user has to be able to."
        return Need(f"{name} folder", said, is_met=False)
