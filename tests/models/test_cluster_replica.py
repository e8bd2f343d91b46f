"""The workers of a cluster read from a replica, where one is named beside the database, and write to the database."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import URL, Engine, text

from blocks.postgres.connect import Database, Patience, connect, make_engine, read_snapshot
from blocks.postgres.copy import copy_query
from blocks.postgres.errors import QueryError
from blocks.postgres.replica import find_replica
from blocks.postgres.save_block import DatabaseSettings, save_database_block
from tasks.contract.load import load_contract
from tasks.core.windows import month_of
from tasks.models.cluster.read import read_on_cluster
from tasks.models.read_window import read_window
from tasks.models.score_batch import load_champion, score_applications
from tasks.schema.migrate import prepare_schema
from tests.conftest import run_alone
from tests.models.test_cluster import assert_same, make_job
from tests.support.dask_cluster import run_cluster
from tests.support.postgres import run_postgres, run_standby
from tests.support.prefect_stack import fill_loans
from tests.support.small_model import find_bundle, install
from tests.support.wait import PATIENCE, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("prefect_server")]

JULY = month_of("2024-07")
COUNT = "select count(*) from loan_details"


@pytest.fixture
def databases(tmp_path) -> Iterator[tuple[Engine, URL, URL]]:
    """The demo with a champion, and a hot standby of it."""
    with run_postgres() as (url, _):
        engine = fill_loans(url)
        prepare_schema(engine)
        with engine.begin() as connection:
            install(connection, load_contract("loan_applications"), tmp_path / "models", find_bundle())
        with run_standby(url) as replica:
            yield engine, url, replica
        engine.dispose()


def freeze(primary: Engine, replica: URL) -> None:
    """Let the replica have all that the database has, and then no more."""
    engine = make_engine(replica, Patience())
    with primary.connect() as connection:
        rows = connection.execute(text(COUNT)).scalar_one()

    def is_level() -> bool:
        with engine.connect() as connection:
            return bool(connection.execute(text(COUNT)).scalar_one() == rows)

    wait_until(is_level, PATIENCE, "the replica", pause=0.1)
    engine.dispose()
    run_alone(replica, "select pg_wal_replay_pause()")


def test_rows_come_from_the_replica_and_predictions_go_to_the_database(databases, tmp_path, monkeypatch):
    engine, url, replica = databases
    monkeypatch.setenv("LOANWATCH_DATABASE_URL", url.render_as_string(hide_password=False))
    monkeypatch.setenv("LOANWATCH_REPLICA_URL", replica.render_as_string(hide_password=False))
    job = make_job("loan_applications", JULY, "")
    alone = read_window(connect(job.database), job.contract, JULY, job.policy.train)
    freeze(engine, replica)
    with engine.begin() as connection:  # whoever reads from the database from now on finds nothing
        connection.execute(text("delete from loan_details"))
    with run_cluster(tmp_path / "dask", 2) as cluster:
        job = make_job("loan_applications", JULY, cluster.address)
        assert_same(read_on_cluster(job, None), alone)
        done = score_applications.fn(job, load_champion.fn(job))
    assert done.applications == done.added == len(alone.extract) == 2000
    with engine.connect() as connection:
        assert connection.execute(text("select count(*) from loanwatch.prediction")).scalar_one() == 2000


def test_a_query_that_the_replica_ends_says_what_to_set_there(databases):
    """Rows that it reads are removed at the database, and the replica does not wait."""
    primary, _, url = databases
    engine = make_engine(url, Patience())
    run_alone(url, "alter system set max_standby_streaming_delay = 0")
    run_alone(url, "select pg_reload_conf()")

    def remove_rows() -> None:
        wait_until(lambda: is_asleep(engine), PATIENCE, "the query", pause=0.1)
        for statement in ("delete from loan_details", "vacuum loan_details"):
            run_alone(primary.url, statement)

    other = threading.Thread(target=remove_rows)
    other.start()
    slow = "select count(*) from loan_details cross join (select pg_sleep(300)) as nap"
    with read_snapshot(engine) as connection, pytest.raises(QueryError, match="set hot_standby_feedback there"):
        copy_query(connection, slow, {}, io.BytesIO())
    other.join()
    engine.dispose()


def is_asleep(engine: Engine) -> bool:
    with engine.connect() as connection:
        asleep = "select count(*) from pg_stat_activity where wait_event = 'PgSleep'"
        return bool(connection.execute(text(asleep)).scalar_one())


def test_a_blocks_replica_is_the_block_that_is_named_after_it():
    named = Database("block", "other-loans")
    assert find_replica(named) == named
    save_database_block(
        DatabaseSettings("replica.example", 5432, "loans", "loanwatch", "secret"), "other-loans-replica"
    )
    assert find_replica(named) == Database("block", "other-loans-replica")
    assert find_replica(Database("environment")) == Database("environment")
