"""What a run needs breaks while the run uses it: the database, the disk, Slack, the clock, the model store."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import threading
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from signal import SIGKILL

import pytest
from sqlalchemy import text

from blocks.postgres.connect import Patience, make_engine
from blocks.postgres.embedded import remove_embedded, start_embedded, stop_embedded
from tests.faults.actions import cut_connections, kill_postmaster, once, shift_clock
from tests.faults.child import Point
from tests.faults.lender import Lender, make_drifted_requests, next_run_works, write_contract
from tests.support.second_lender import CONTRACT, fill_table
from tests.support.slack_stand_in import run_stand_in
from tests.support.wait import PATIENCE, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.fault]

HOUR = 3600

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="a small file system can be mounted by root only")


def slow_contract(lender: Lender, nap: str) -> tuple[str, ...]:
    """The command line with a query that first waits for another one."""
    query = Path(CONTRACT).with_suffix(".sql").read_text(encoding="utf-8").replace(
        "from card_request", f"from card_request cross join (select {nap}) as nap"
    )  # fmt: skip
    return tuple(write_contract(lender, query) if word == CONTRACT else word for word in lender.arguments)


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        ("stage", "extract started"),
        ("stage", "score started"),
        ("stage", "train started"),
        ("stage", "alert started"),
    ],
)
def test_connections_are_cut_between_two_queries(grown, kind, place):
    code, said = grown.monitor(Point(kind, place), action=once(cut_connections))
    assert code == 0, said
    assert grown.list_unended() == []
    assert grown.find_champion() == 2


def test_the_connection_is_cut_while_rows_are_read(grown):
    ends: list[tuple[int, str]] = []
    arguments = slow_contract(grown, f"pg_sleep({HOUR})")
    runner = threading.Thread(target=lambda: ends.append(grown.monitor(arguments=arguments)))
    runner.start()
    asleep = "from pg_stat_activity where query like 'copy%pg_sleep%' and wait_event = 'PgSleep'"
    cut = f"select pg_terminate_backend(pid) {asleep} and datname = current_database()"
    wait_until(lambda: grown.read(cut), PATIENCE, "the query")
    runner.join()
    ((code, said),) = ends
    assert (code, "connection to the database was cut" in " ".join(said.split())) == (1, True), said
    assert grown.find_champion() == 1
    next_run_works(grown)


@pytest.mark.parametrize("place", ["insert into loanwatch.model_version", "insert into loanwatch.promotion"])
def test_the_connection_is_cut_inside_promotion(grown, place):
    code, said = grown.monitor(Point("before", place), action=once(cut_connections))
    assert code == 1, said
    assert "was cut" in " ".join(said.split())
    assert grown.find_champion() == 1
    next_run_works(grown)


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    yield folder
    remove_embedded(folder)


@pytest.mark.parametrize("stage", ["quality", "train", "promote", "alert"])
def test_the_embedded_server_is_killed(young, stage, tmp_path, home):
    """The run cannot do its work, as nobody starts the server again in the midst of it; the next run does."""
    engine = make_engine(start_embedded(home), Patience())
    fill_table(engine, make_drifted_requests())
    engine.dispose()
    assert stop_embedded(home)
    young.environment = {"LOANWATCH_DATABASE_URL": "", "LOANWATCH_HOME": str(home)}
    point = Point("stage", f"{'first_champion' if stage == 'train' else stage} started")
    code, said = young.monitor(point, action=once(partial(kill_postmaster, home)))
    assert code == 1, said
    code, said = young.monitor()
    assert code == 0, said
    url = start_embedded(home)
    try:
        engine = make_engine(url, Patience())
        mended = Lender(url, tmp_path, young.forks)
        assert mended.list_unended() == []
        assert mended.find_champion() is not None
        mended.engine.dispose()
        engine.dispose()
    finally:
        assert stop_embedded(home)


def test_a_statement_takes_too_long(grown):
    grown.environment["LOANWATCH_STATEMENT_TIMEOUT"] = "1"
    code, said = grown.monitor(arguments=slow_contract(grown, f"pg_sleep({HOUR})"))
    assert (code, "LOANWATCH_STATEMENT_TIMEOUT" in said) == (1, True), said
    assert grown.find_champion() == 1


def test_the_table_is_locked_by_somebody_else(grown):
    grown.environment["LOANWATCH_STATEMENT_TIMEOUT"] = "2"
    with grown.engine.begin() as connection:
        connection.execute(text("lock table card_request in access exclusive mode"))
        code, said = grown.monitor()
    assert (code, "LOANWATCH_STATEMENT_TIMEOUT" in said) == (1, True), said
    next_run_works(grown)


def test_the_database_server_accepts_and_never_answers(grown):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        grown.environment["LOANWATCH_DATABASE_URL"] = f"postgresql://u:p@127.0.0.1:{mute.getsockname()[1]}/x"
        grown.environment["LOANWATCH_CONNECT_TIMEOUT"] = "2"
        code, said = grown.monitor()
    assert (code, "No connection to the database server" in said) == (1, True), said


@contextmanager
def small_disk(folder: Path, options: str):
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@as_root
@pytest.mark.parametrize("options", ["size=16k", "ro,size=1m"], ids=["full", "read-only"])
@pytest.mark.parametrize("place", ["results", "models"])
def test_a_disk_is_full_or_read_only(grown, place, options):
    """A full disk of results is met by the pages, which are written after the promotion; the others before it."""
    with small_disk(grown.folder / place, options):
        code, said = grown.monitor()
    assert (code, "cannot be written" in " ".join(said.split())) == (1, True), said
    assert "loanwatch did not expect this" not in said
    assert grown.find_champion() == (2 if (place, options) == ("results", "size=16k") else 1)
    next_run_works(grown)


@as_root
@pytest.mark.parametrize("options", ["size=12m", "ro,size=1m"], ids=["full", "read-only"])
def test_the_embedded_databases_disk_is_full_or_read_only(young, options):
    home = Path(tempfile.mkdtemp(dir="/var/tmp", prefix="loanwatch-test-"))
    home.chmod(0o711)  # root's database server runs as another user
    young.environment = {"LOANWATCH_DATABASE_URL": "", "LOANWATCH_HOME": str(home)}
    # Root's embedded database lies elsewhere: `where` leads it onto the small disk.
    with small_disk(home, f"{options},mode=0711"):
        if "ro" not in options:
            (home / "data").mkdir(mode=0o711)
            (home / "where").write_text(str(home / "data"), encoding="utf-8")
        code, said = young.monitor()
    home.rmdir()
    assert (code, "The embedded PostgreSQL" in said) == (1, True), said
    assert "loanwatch did not expect this" not in said


@pytest.fixture
def webhook(forks):
    """Registers an incoming webhook as the block `loan-alerts`, for one test."""
    from prefect.client.orchestration import get_client
    from prefect_slack import SlackWebhook

    documents = []

    def register(url: str) -> None:
        documents.append(SlackWebhook(url=url).save("loan-alerts", overwrite=True, _sync=True))

    yield register
    with get_client(sync_client=True) as client:
        for document in set(documents):
            client.delete_block_document(document)


def test_slack_is_down_and_the_next_run_tells(grown, webhook):
    with run_stand_in() as slack:
        port = slack.port
        webhook(slack.url)
    code, said = grown.monitor()
    assert code == 0, said
    assert [row["state"] for row in grown.read("select state from loanwatch.alert")] == ["pending"]
    with run_stand_in(port) as slack:
        next_run_works(grown)
        assert len([seen for seen in slack.seen if "yearly_salary" in str(seen)]) == 1
    assert {row["state"] for row in grown.read("select state from loanwatch.alert")} == {"delivered"}


def test_a_run_dies_while_slack_has_not_answered(grown, webhook):
    with run_stand_in() as slack:
        webhook(slack.url)
        code, _ = grown.monitor(Point("committed", "update loanwatch.alert"))
        assert code == -SIGKILL
        next_run_works(grown)
        assert [seen for seen in slack.seen if "may repeat" in str(seen)]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_time_zone_changes_nothing(grown, zone):
    grown.environment["TZ"] = zone
    code, said = grown.monitor()
    assert (code, "2023-03-01 to 2023-03-31: 500 applications" in said) == (0, True), said
    assert grown.find_champion() == 2


@pytest.mark.parametrize("days", [-400, 400])
def test_the_clock_is_wrong(grown, days):
    code, said = grown.monitor(prepare=partial(shift_clock, days))
    assert code == 0, said
    assert grown.find_champion() == 2
    next_run_works(grown)


@pytest.mark.parametrize("name", ["model.joblib", "profile.parquet", "manifest.json"])
def test_the_model_store_returns_half_a_file(grown, name):
    (row,) = grown.read("select artifact from loanwatch.model_version")
    own = grown.folder / "own"
    shutil.copytree(row["artifact"].removeprefix("file://"), own)
    with grown.engine.begin() as connection:
        connection.execute(text("update loanwatch.model_version set artifact = :place"), {"place": f"file://{own}"})
    whole = (own / name).read_bytes()
    (own / name).write_bytes(whole[: len(whole) // 2])
    code, said = grown.monitor()
    assert (code, "flows.rollback" in said) == (1, True), said
    (own / name).write_bytes(whole)
    next_run_works(grown)


def test_a_living_run_is_not_abandoned(grown):
    """While one run waits for the database, another opens: it must leave the first one's stage alone."""
    first: list[tuple[int, str]] = []
    slow = slow_contract(grown, "pg_advisory_xact_lock_shared(42)")
    output = grown.folder / "slow.txt"
    runner = threading.Thread(target=lambda: first.append(grown.monitor(arguments=slow, output=output)))
    with grown.engine.begin() as connection:
        connection.execute(text("select pg_advisory_xact_lock(42)"))
        runner.start()
        waiting = "select 1 from pg_locks where locktype = 'advisory' and objid = 42 and not granted"
        wait_until(lambda: grown.read(waiting), PATIENCE, "the first run's query")
        code, said = grown.monitor()
        assert code == 0, said
        assert not grown.read("select 1 from loanwatch.mljob where status = 'abandoned'")
    runner.join()
    assert grown.list_unended() == []
    assert grown.find_champion() == 2
