"""The URL of a PostgreSQL database, as people write it."""

from __future__ import annotations

from psycopg2 import ProgrammingError
from psycopg2.extensions import make_dsn
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from blocks.postgres.errors import DatabaseOptionError

DRIVER = "postgresql+psycopg2"
SCHEMES = ("postgres", "postgresql")
# As other drivers call the path on which tables are looked for.
SCHEMA_OPTIONS = ("schema", "schemas", "currentschema", "search_path")


def parse_url(text: str, origin: str) -> URL:
    """A PostgreSQL URL, set to the driver that we use; blanks around it do no harm.

    The error names `origin` and, of the URL, no more than an option that there is not.
    """
    try:
        url = make_url(text.strip())
    except (ArgumentError, ValueError):
        raise DatabaseOptionError(f"{origin} is no database URL. {_URL_FORM}") from None
    if url.get_backend_name() not in SCHEMES:
        raise DatabaseOptionError(f"{origin} names no PostgreSQL database. {_URL_FORM}")
    if "@" in (url.host or ""):
        raise DatabaseOptionError(f"{origin} has an unquoted @ in its user or password. {_URL_FORM}")
    for option in url.query:
        _refuse_option(option, origin)
    return url.set(drivername=DRIVER)


def _refuse_option(option: str, origin: str) -> None:
    """Raises DatabaseOptionError for what stands behind the URL's ? and the server's library does not know."""
    try:
        make_dsn(**{option: "1"})
    except (ProgrammingError, TypeError):
        is_schema = option.lower() in SCHEMA_OPTIONS
        advice = "To name a schema write ?options=-csearch_path=NAME" if is_schema else "Remove it, or correct its name"
        raise DatabaseOptionError(f"{origin} ends with an option that there is not: {option!r}. {advice}.") from None


_URL_FORM = "Write postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with @ : / in the password as %40 %3A %2F."
