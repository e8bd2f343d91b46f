"""What tests share: an embedded PostgreSQL with a fresh database for each test, and one Prefect server."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, text

from tests.support.memory import keep_files_in_memory, place_data

keep_files_in_memory()
# Several processes of tests share the cores: threads that spin until others have a core cost five times the work, and
# every process that fits a model would start some more for its folds. A test that asks for either says so itself.
for limit in ("OMP_NUM_THREADS", "LOKY_MAX_CPU_COUNT"):
    os.environ.setdefault(limit, "1")
# Prefect reads these while it is imported: nobody calls home, and the user's own profile and server are left alone.
os.environ["DO_NOT_TRACK"] = "1"
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "180")  # on a busy machine
os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"
for name in ("PREFECT_API_URL", "PREFECT_API_AUTH_STRING", "LOANWATCH_DATABASE_URL", "LOANWATCH_HOME"):
    os.environ.pop(name, None)

REAL_DATA = Path(os.environ.get("LOANWATCH_REAL_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))


@pytest.fixture(scope="session", autouse=True)
def _prefect_home(tmp_path_factory: pytest.TempPathFactory) -> None:
    os.environ["PREFECT_HOME"] = str(tmp_path_factory.mktemp("prefect"))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    """A real PostgreSQL, one for the test process; nothing but `database` should use it."""
    from blocks.postgres.embedded import remove_embedded, start_embedded

    home = tmp_path_factory.mktemp("server") / ".loanwatch"
    folder = place_data(home)
    url = start_embedded(home)
    # Nobody needs these rows after a loss of power, and waiting for the disk is most of what a small database costs.
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        run_alone(url, f"alter system set {setting} = off")
    run_alone(url, "select pg_reload_conf()")
    yield url
    remove_embedded(home)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def make_database(server: URL) -> MakeDatabase:
    """Makes fresh databases, empty or as copies of another one; they go with the server."""
    return MakeDatabase(server)


@pytest.fixture
def database(make_database: MakeDatabase, monkeypatch: pytest.MonkeyPatch) -> Iterator[URL]:
    """The URL of an empty database, which is also what LOANWATCH_DATABASE_URL names."""
    url = make_database()
    monkeypatch.setenv("LOANWATCH_DATABASE_URL", url.render_as_string(hide_password=False))
    yield url
    make_database.drop(url)


@pytest.fixture
def engine(database: URL) -> Iterator[Engine]:
    """An engine as the pipeline makes it, on the empty database."""
    from blocks.postgres.connect import Patience, make_engine

    engine = make_engine(database, Patience())
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def demo_database(make_database: MakeDatabase) -> URL:
    """A database with the demo's twelve months, to be used as a template."""
    from blocks.postgres.connect import Patience, make_engine
    from tasks.contract.load import load_contract
    from tasks.demo.fill import copy_frame
    from tasks.demo.generator import make_applications
    from tasks.source_tables.tables import create_tables

    url = make_database()
    engine = make_engine(url, Patience())
    sources = load_contract("loan_applications").sources
    with engine.begin() as connection:
        create_tables(connection, sources)
        for table, rows in make_applications().items():
            copy_frame(connection, table, rows)
    engine.dispose()
    return url


@pytest.fixture
def demo(demo_database: URL, make_database: MakeDatabase, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """An engine on a fresh copy of the demo's database, whose URL is also what LOANWATCH_DATABASE_URL names."""
    from blocks.postgres.connect import Patience, make_engine

    url = make_database(template=demo_database)
    monkeypatch.setenv("LOANWATCH_DATABASE_URL", url.render_as_string(hide_password=False))
    engine = make_engine(url, Patience())
    yield engine
    engine.dispose()
    make_database.drop(url)


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    """One Prefect server for all flow tests of the process; it takes seconds to start."""
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=600):
        yield


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with real loan applications; a test that needs it skips where it is absent."""
    if not (REAL_DATA / "loan_details.csv").is_file():
        pytest.skip("no real loan applications: set LOANWATCH_REAL_DATA to the folder with the three CSV files")
    return REAL_DATA


class MakeDatabase:
    """Creates databases on one server."""

    def __init__(self, server: URL) -> None:
        self._server = server

    def __call__(self, template: URL | None = None, encoding: str | None = None) -> URL:
        """A new database; with a template, a copy of it, for which whoever is connected to the template is cut off."""
        name = f"test_{secrets.token_hex(6)}"
        copied = f' template "{template.database}"' if template else ""
        if encoding:
            copied = f" encoding '{encoding}' template template0 locale_provider libc lc_collate 'C' lc_ctype 'C'"
        if template:
            of_template = f"from pg_stat_activity where datname = '{template.database}'"
            run_alone(self._server, f"select pg_terminate_backend(pid, 10000) {of_template}")
        run_alone(self._server, f'create database "{name}"{copied}')
        return self._server.set(database=name)

    def drop(self, url: URL) -> None:
        """Remove a database that nobody needs any more; whoever is connected to it is cut off."""
        run_alone(self._server, f'drop database "{url.database}" with (force)')


def run_alone(url: URL, statement: str) -> None:
    """Run a statement that may not stand in a transaction."""
    from blocks.postgres.connect import Patience, make_engine

    engine = make_engine(url, Patience())
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))
    engine.dispose()
