"""A Dask cluster breaks while a run uses it: its workers, its scheduler, its snapshot; or is not what the run needs."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path
from signal import SIGKILL

import pytest
from sqlalchemy import text

from blocks.errors import LoanwatchError
from tasks.models.cluster.read import read_on_cluster
from tests.faults.lender import Lender
from tests.models.test_cluster import FEBRUARY, ORDERED, make_job, read_both, write_contract
from tests.support.dask_cluster import LocalCluster, run_cluster
from tests.support.second_lender import fill_table, make_requests
from tests.support.wait import PATIENCE, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.fault, pytest.mark.usefixtures("prefect_server")]

NAP = "(select pg_sleep({})) as nap"
SLOW = ORDERED.replace("from card_request", f"from card_request cross join {NAP.format(3)}")


@pytest.fixture
def requests(database, engine, monkeypatch):
    monkeypatch.setattr("tasks.models.cluster.plan.DOTTED_ROWS", 50)
    fill_table(engine, make_requests(months=2))
    return engine


@pytest.fixture
def cluster(requests, tmp_path):
    with run_cluster(tmp_path / "dask", 2) as running:
        yield running


def is_read_by_workers(engine) -> bool:
    """Whether two workers are in the midst of a part; the run itself reads alone, and only at the beginning."""
    asleep = "from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()"
    with engine.connect() as connection:
        return connection.execute(text(f"select count(*) {asleep}")).scalar_one() > 1


def when_read(engine, action) -> threading.Thread:
    """Do something as soon as the workers read."""

    def act() -> None:
        wait_until(lambda: is_read_by_workers(engine), PATIENCE, "two readers", pause=0.1)
        action()

    thread = threading.Thread(target=act)
    thread.start()
    return thread


def fail_to_read(job) -> str:
    """What a read says that cannot succeed; it says so within a minute."""
    begun = time.monotonic()
    with pytest.raises(LoanwatchError) as raised:
        read_on_cluster(job, None)
    assert time.monotonic() - begun < 60
    return str(raised.value)


def test_a_worker_is_killed_in_the_midst_of_a_part(requests, cluster, tmp_path):
    """The other one reads it, too, and nothing is counted twice."""
    job = make_job(write_contract(tmp_path, SLOW), FEBRUARY, cluster.address)
    thread = when_read(requests, cluster.workers[0].kill)
    read_both(job)
    thread.join()
    assert cluster.workers[0].wait() == -SIGKILL
    assert len(cluster.list_workers()) == 1


def test_all_workers_are_killed(requests, cluster, tmp_path, monkeypatch):
    monkeypatch.setattr("tasks.models.cluster.scheduler.WORKER_SECONDS", 10)
    job = make_job(write_contract(tmp_path, SLOW), FEBRUARY, cluster.address)
    thread = when_read(requests, lambda: [worker.kill() for worker in cluster.workers])
    said = fail_to_read(job)
    thread.join()
    assert f"The Dask scheduler at {cluster.address} has had no worker for 10 s" in said


def test_the_scheduler_is_killed(requests, cluster, tmp_path):
    job = make_job(write_contract(tmp_path, SLOW), FEBRUARY, cluster.address)
    thread = when_read(requests, cluster.scheduler.kill)
    said = fail_to_read(job)
    thread.join()
    assert f"The connection to the Dask scheduler at {cluster.address} was lost" in said
    assert "leave `engine` out" in said


def test_the_runs_own_connection_is_cut(requests, cluster, tmp_path):
    """Its snapshot is gone, so the parts that are still to be read cannot be of the same moment."""
    holder = (
        "select pg_terminate_backend(pid) from pg_stat_activity where state = 'idle in transaction' and "
        "datname = current_database()"
    )

    def cut() -> None:
        with requests.begin() as connection:
            connection.execute(text(holder))

    job = make_job(write_contract(tmp_path, SLOW), FEBRUARY, cluster.address)
    thread = when_read(requests, cut)
    said = fail_to_read(job)
    thread.join()
    assert "snapshot of this run cannot be read" in said or "was cut" in said


def test_nobody_is_at_the_address(requests, tmp_path):
    said = fail_to_read(make_job(write_contract(tmp_path, ORDERED), FEBRUARY, "tcp://127.0.0.1:9"))
    assert "No Dask scheduler answers at tcp://127.0.0.1:9" in said


def test_no_worker_is_there(requests, tmp_path, monkeypatch):
    monkeypatch.setattr("tasks.models.cluster.scheduler.WORKER_SECONDS", 5)
    cluster = LocalCluster(tmp_path)
    try:
        said = fail_to_read(make_job(write_contract(tmp_path, ORDERED), FEBRUARY, cluster.address))
    finally:
        cluster.stop()
    assert f"The Dask scheduler at {cluster.address} has no worker" in said


def test_a_worker_has_another_contract(requests, tmp_path, monkeypatch):
    """Both are one machine here, and so have the same file: what changes is the sum that the run sends."""
    from tasks.models.cluster import parts

    contract = write_contract(tmp_path, ORDERED)
    job = make_job(contract, FEBRUARY, "")
    monkeypatch.setattr(parts, "sum_contract", lambda contract: "0" * 64)
    with run_cluster(tmp_path / "dask", 1) as cluster:
        said = fail_to_read(make_job(contract, FEBRUARY, cluster.address))
    assert f"its contract {job.contract.file} is not that of the run" in said
    assert "000000000000…" in said


def test_a_worker_has_another_loanwatch(requests, tmp_path):
    """A checkout of the day before."""
    other = tmp_path / "other"
    for package in ("blocks", "tasks", "flows"):
        shutil.copytree(Path(package), other / package, ignore=shutil.ignore_patterns("__pycache__"))
    (other / "tasks" / "core" / "wording.py").open("a", encoding="utf-8").write("# changed\n")
    cluster = LocalCluster(tmp_path)
    try:
        cluster.add_worker(other)
        said = fail_to_read(make_job(write_contract(tmp_path, ORDERED), FEBRUARY, cluster.address))
    finally:
        cluster.stop()
    assert "loanwatch's files" in said
    assert "restart the workers" in said


def test_the_command_ends_with_a_clear_message(grown: Lender):
    code, said = grown.monitor(arguments=(*grown.arguments, "--engine", "tcp://127.0.0.1:9"))
    assert code == 1, said
    assert "No Dask scheduler answers at tcp://127.0.0.1:9" in " ".join(said.split())
    assert grown.list_unended() == []
    assert grown.find_champion() == 1
