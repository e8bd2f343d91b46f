"""Saving the database block: components only, as Prefect shows the password of a block that holds a URL."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import URL, text

from blocks.errors import UsageError
from blocks.postgres.connect import make_engine, read_patience
from blocks.postgres.url import DRIVER, parse_url
from blocks.secrets import SecretError


class CredsError(UsageError):
    """The creds.json cannot be used."""


class TlsError(UsageError):
    """The TLS options make no sense together."""


@dataclass(frozen=True)
class DatabaseSettings:
    """Where the database is, and how to get in. The password stays out of any print."""

    host: str | None
    port: int | None = 5432
    database: str | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    sslmode: str | None = None
    root_certificate: Path | None = None
    query: tuple[tuple[str, str], ...] = ()

    def with_password(self, password: str | None) -> DatabaseSettings:
        """The same with that password."""
        return replace(self, password=password)

    def with_tls(self, sslmode: str | None, root_certificate: Path | None) -> DatabaseSettings:
        """The same with these TLS settings where they are given. Raises TlsError."""
        sslmode = sslmode or self.sslmode or ("verify-full" if root_certificate else None)
        certificate = root_certificate or self.root_certificate
        if certificate is not None and not certificate.is_file():
            raise TlsError(
                f"The root certificate {certificate} is not there. Name the file with the CA's certificates."
            )
        if sslmode in ("verify-ca", "verify-full") and certificate is None:
            raise TlsError(f"sslmode {sslmode} needs the CA's certificates: name the file with --root-certificate.")
        return replace(self, sslmode=sslmode, root_certificate=certificate.absolute() if certificate else None)

    def describe(self) -> str:
        """Where the database is, without the password."""
        secured = f", sslmode {self.sslmode}" if self.sslmode else ""
        return f"{self.user or 'no user'} at {self.host}:{self.port or 5432}/{self.database}{secured}"

    def build_query(self) -> dict[str, str]:
        """The URL's query: the TLS settings, and what else was given."""
        tls = {"sslmode": self.sslmode, "sslrootcert": str(self.root_certificate) if self.root_certificate else None}
        return dict(self.query) | {name: value for name, value in tls.items() if value}


def read_creds(file: Path) -> DatabaseSettings:
    """The previous system's creds.json. Raises CredsError, which names the missing entries and no value."""
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise CredsError(f"{file} cannot be read ({error.strerror}).") from None
    except ValueError:
        raise CredsError(f"{file} is no JSON.") from None
    names = ("user", "password", "host", "port", "database")
    missing = [name for name in names if not isinstance(record, dict) or record.get(name) in (None, "")]
    if missing:
        raise CredsError(f"{file} lacks {', '.join(missing)}. It has to hold {', '.join(names)}.")
    if not str(record["port"]).isdecimal():
        raise CredsError(f"The port in {file} is no number.")
    user, password, host, database = (str(record[name]) for name in ("user", "password", "host", "database"))
    return DatabaseSettings(host, int(record["port"]), database, user, password)


def read_url(url: str) -> DatabaseSettings:
    """A postgresql:// URL taken apart; its sslmode and sslrootcert are kept."""
    parts = parse_url(url, "LOANWATCH_DATABASE_URL")
    query = {name: str(value) for name, value in parts.query.items()}
    mode, certificate = query.pop("sslmode", None), query.pop("sslrootcert", None)
    return DatabaseSettings(
        host=parts.host,
        port=parts.port,
        database=parts.database,
        user=parts.username,
        password=str(parts.password) if parts.password is not None else None,
        sslmode=mode,
        root_certificate=Path(certificate) if certificate else None,
        query=tuple(query.items()),
    )


def try_connection(settings: DatabaseSettings) -> str:
    """Connect as a run would; returns the server's version. Raises a LoanwatchError that says what to do."""
    if not settings.database or not settings.user:
        raise SecretError("The database needs a name and a user: give --database and --user.")
    url = URL.create(
        DRIVER,
        username=settings.user,
        password=settings.password,
        host=settings.host,
        port=settings.port,
        database=settings.database,
        query=settings.build_query(),
    )
    engine = make_engine(url, read_patience())
    try:
        with engine.connect() as connection:
            return str(connection.execute(text("show server_version")).scalar_one()).split()[0]
    finally:
        engine.dispose()


def save_database_block(settings: DatabaseSettings, name: str) -> None:
    """Save the block on the Prefect server, over an older one of that name."""
    from prefect_sqlalchemy import ConnectionComponents, SqlAlchemyConnector, SyncDriver

    components = ConnectionComponents(
        driver=SyncDriver.POSTGRESQL_PSYCOPG2,
        username=settings.user,
        password=settings.password,
        host=settings.host,
        port=settings.port,
        database=settings.database,
        query=settings.build_query() or None,
    )
    block: Any = SqlAlchemyConnector(connection_info=components)
    block.save(name, overwrite=True, _sync=True)
