"""Our schema `loanwatch`: created on first use, changed by numbered .sql files, each applied once and in order."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from blocks.errors import LoanwatchError
from blocks.postgres.errors import PermissionMissingError
from tasks.schema.locks import Lock, lock_until_commit
from tasks.schema.queries import read_query

MIGRATIONS = Path(__file__).parent / "migrations"


class SchemaError(LoanwatchError):
    """The schema in the database and the migrations of this loanwatch do not fit together."""


@dataclass(frozen=True)
class Migration:
    """One numbered step. `sha256` tells whether the step was changed after it had been applied somewhere."""

    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """The fingerprint of the step's text."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def prepare_schema(engine: Engine, folder: Path = MIGRATIONS) -> int:
    """Bring the schema to this version of loanwatch, in one transaction; returns how many steps were applied.

    Several processes may call it at once. Raises SchemaError, or PermissionMissingError with the GRANT that is missing.
    """
    migrations = read_migrations(folder)
    try:
        with engine.connect() as connection:
            if not _list_missing(migrations, _read_applied(connection)):
                return 0
        with engine.begin() as connection:
            lock_until_commit(connection, Lock.TABLES)
            _act_as_owner(connection)
            _create_schema(connection)
            missing = _list_missing(migrations, _read_applied(connection))
            for migration in missing:
                _apply(connection, migration)
    except PermissionMissingError:
        raise PermissionMissingError(
            "The database role may not create or change the schema loanwatch. Let an administrator run, once:\n"
            f"{write_schema_sql(str(engine.url.username))}\nSECURITY.md, “The database role”, explains it."
        ) from None
    return len(missing)


def write_schema_sql(user: str) -> str:
    """The SQL that gives a role the schema, whether it is there already or not."""
    role = quote_role(user)
    return f"  create schema if not exists loanwatch authorization {role};\n  alter schema loanwatch owner to {role};"


def quote_role(user: str) -> str:
    """A role's name as SQL takes it, whatever it holds."""
    return '"' + user.replace('"', '""') + '"'


def read_migrations(folder: Path) -> tuple[Migration, ...]:
    """The numbered files NNNN_name.sql in their order. Raises SchemaError where the numbers are not 1, 2, 3 …"""
    named = [(re.fullmatch(r"(\d{4})_(\w+)\.sql", path.name), path) for path in sorted(folder.glob("*.sql"))]
    found = tuple(
        Migration(int(match[1]), match[2], path.read_text(encoding="utf-8")) for match, path in named if match
    )
    if [migration.number for migration in found] != list(range(1, len(named) + 1)):
        raise SchemaError(f"The migrations in {folder} are not named 0001_….sql, 0002_….sql and so on. Rename them.")
    return found


def _list_missing(migrations: tuple[Migration, ...], applied: dict[int, str]) -> list[Migration]:
    if len(applied) > len(migrations):
        raise SchemaError("The schema loanwatch was made by a newer loanwatch. Use that version, or another database.")
    for migration in migrations[: len(applied)]:
        if applied.get(migration.number) != migration.sha256:
            raise SchemaError(
                f"Migration {migration.number:04} ({migration.name}) was changed after it had been applied to this "
                "database. Restore the file, and write the change as a new migration."
            )
    return list(migrations[len(applied) :])


def _read_applied(connection: Connection) -> dict[int, str]:
    """The steps taken so far: number and sha256."""
    if connection.execute(text("select to_regclass('loanwatch.migration')")).scalar() is None:
        return {}
    return {
        row.number: row.sha256 for row in connection.execute(text("select number, sha256 from loanwatch.migration"))
    }


def _act_as_owner(connection: Connection) -> None:
    """Until the commit, be the schema's owner where we may, so that what is made in it belongs to its owner."""
    owner = connection.execute(read_query("schema_owner")).scalar()
    if owner is not None:
        connection.exec_driver_sql(f"set local role {owner}")


def _create_schema(connection: Connection) -> None:
    # `create schema if not exists` needs the right to create one even where it exists.
    if connection.execute(text("select to_regnamespace('loanwatch')")).scalar() is None:
        connection.execute(text("create schema loanwatch"))
    if connection.execute(text("select to_regclass('loanwatch.migration')")).scalar() is None:
        connection.execute(read_query("migration_table"))


def _apply(connection: Connection, migration: Migration) -> None:
    # Without parameters the driver leaves every % of the file alone.
    connection.execution_options(no_parameters=True).exec_driver_sql(migration.sql)
    row = {"number": migration.number, "name": migration.name, "sha256": migration.sha256}
    connection.execute(
        text("insert into loanwatch.migration (number, name, sha256) values (:number, :name, :sha256)"), row
    )
