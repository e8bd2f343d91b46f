"""A window on a Dask cluster of two worker processes: what one process reads, to the digit."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pandas as pd
import pytest
from sqlalchemy import text

from blocks.postgres.connect import Patience, connect, make_engine, resolve_database
from tasks.contract.load import load_contract
from tasks.core.policy import MonitorPolicy, SelfCheckPolicy, TrainPolicy
from tasks.core.windows import Window, month_of
from tasks.extract.table import read_table
from tasks.job.job import Job
from tasks.models.cluster.order import PartOrder
from tasks.models.cluster.parts import make_order
from tasks.models.cluster.read import read_on_cluster
from tasks.models.part_record import Reading
from tasks.models.read_window import read_window
from tasks.quality.reading_counts import ReadingCounts, count_reading
from tests.support.dask_cluster import run_cluster
from tests.support.flow import month, run_monitor
from tests.support.second_lender import CONTRACT, fill_table, make_requests

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("prefect_server")]

QUICK = MonitorPolicy(
    train=TrainPolicy(forest_trees=20, boosting_rounds=40, folds=2), self_check=SelfCheckPolicy(splits=0)
)
# What differs between any two runs.
NAMES_AND_TIMES = {"job_id", "stages", "start_up_seconds", "seconds", "started_at", "finished_at", "results", "command",
                   "hashes", "pages", "artifact", "sha256"}  # fmt: skip


def make_job(contract: str, window: Window, engine: str, policy: MonitorPolicy = QUICK) -> Job:
    database = resolve_database()
    job = Job("j", "monitor", load_contract(contract), database, window, policy, Path(), "", datetime.now(UTC))
    return replace(job, engine=engine)


def find_faults(reading: Reading) -> ReadingCounts:
    """What was found in reading the window, in however many parts."""
    return count_reading(reading.extract, 0) if reading.counts is None else reading.counts.reading


def assert_same(ours: Reading, alone: Reading) -> None:
    pd.testing.assert_frame_equal(ours.extract.applications, alone.extract.applications)
    here, there = find_faults(ours), find_faults(alone)
    for name in ("repeats", "older_versions", "undated", "dotted"):
        assert getattr(here, name) == getattr(there, name), name
    assert (here.ambiguous.rows, here.ambiguous.ids) == (there.ambiguous.rows, there.ambiguous.ids)
    found, expected = (
        {name: (one.marked.rows, one.marked.ids, one.counts) for name, one in faults.unreadable.items()}
        for faults in (here, there)
    )
    assert found == expected


def read_both(job: Job) -> Reading:
    """The window by the cluster, which is compared with what one process reads."""
    read = read_on_cluster(job, None)
    assert_same(read, read_window(connect(job.database), job.contract, job.window, job.policy.train))
    return read


def drop_names_and_times(record: Any) -> Any:
    if isinstance(record, dict):
        return {name: drop_names_and_times(value) for name, value in record.items() if name not in NAMES_AND_TIMES}
    return [drop_names_and_times(one) for one in record] if isinstance(record, list) else record


def test_the_verdict_of_a_month_is_the_same_in_one_process_in_parts_and_on_a_cluster(
    make_database, demo_database, tmp_path, monkeypatch
):
    def run(name: str, **parameters: Any) -> dict[str, Any]:
        url = make_database(template=demo_database).render_as_string(hide_password=False)
        monkeypatch.setenv("LOANWATCH_DATABASE_URL", url)
        if name == "cluster":
            with run_cluster(tmp_path / "dask", 2) as cluster:
                return run_monitor(tmp_path / name, **month(2024, 8), policy=QUICK, engine=cluster.address)[1]
        return run_monitor(tmp_path / name, **month(2024, 8), policy=QUICK)[1]

    alone = run("one process")
    with monkeypatch.context() as small:
        small.setenv("LOANWATCH_PART_MB", "1")
        in_parts = run("parts")
    on_cluster = run("cluster")
    extracted = [stage["message"] for stage in on_cluster["stages"] if stage["stage"] == "extract"]
    assert extracted == ["2,000 applications in 4 parts"]
    assert drop_names_and_times(in_parts) == drop_names_and_times(alone)
    assert drop_names_and_times(on_cluster) == drop_names_and_times(alone)


def test_versions_in_later_days_count_and_a_snapshot_hides_what_comes_meanwhile(demo, tmp_path):
    """Every part has loans of which only a later part knows that they are old."""
    with demo.begin() as connection:
        moved = "to_char(to_timestamp(application_time, 'DD-MM-YYYY') + make_interval(days => 9), 'DD-MM-YYYY 12:00')"
        columns = "loan_status, current_loan_amount, term, tax_liens, purpose, no_of_properties"
        connection.execute(
            text(
                f"insert into loan_details (loan_id, customer_id, application_time, {columns}) select loan_id, "
                f"customer_id, {moved}, {columns} from loan_details where application_time like '__-08-2024%' and "
                "abs(hashtext(loan_id)) % 5 = 0"
            )
        )
    with run_cluster(tmp_path, 2) as cluster:
        read = read_both(make_job("loan_applications", month_of("2024-08"), cluster.address))
    assert read.parts > 1
    assert find_faults(read).older_versions > 100


@pytest.fixture
def requests(database, engine):
    fill_table(engine, make_requests(months=2))
    return engine


def write_contract(folder: Path, query: str) -> str:
    """The second lender's contract with another query."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "card_requests.sql").write_text(query, encoding="utf-8")
    file = folder / "card_requests.toml"
    file.write_text(Path(CONTRACT).read_text(encoding="utf-8"), encoding="utf-8")
    return str(file)


PLAIN = Path(CONTRACT).with_suffix(".sql").read_text(encoding="utf-8")
ORDERED = f"{PLAIN.rstrip()}\norder by asked_at, request_no\n"
FEBRUARY = Window(date(2023, 2, 1), date(2023, 2, 28))


def test_a_contract_without_parts_is_cut_by_its_days(requests, tmp_path, monkeypatch):
    monkeypatch.setattr("tasks.models.cluster.plan.DOTTED_ROWS", 50)
    with run_cluster(tmp_path / "dask", 2) as cluster:
        read = read_both(make_job(write_contract(tmp_path, ORDERED), FEBRUARY, cluster.address))
    assert read.parts > 1


@pytest.mark.parametrize(
    ("query", "why"),
    [
        (PLAIN, "does not return its rows in the order of days"),
        (ORDERED.replace("%(end)s::date + 1", "%(end)s::date"), "or the query leaves out the last day"),
        (f"select distinct on (channel) * from (\n{ORDERED}\n) as all_of_them order by channel, asked_at", "order of"),
    ],
)
def test_a_query_that_cannot_be_cut_is_read_by_one_process(requests, tmp_path, monkeypatch, caplog, query, why):
    monkeypatch.setattr("tasks.models.cluster.plan.DOTTED_ROWS", 50)
    with run_cluster(tmp_path / "dask", 1) as cluster, caplog.at_level(logging.WARNING, "loanwatch"):
        read_both(make_job(write_contract(tmp_path, query), FEBRUARY, cluster.address))
    assert "One process reads the window alone" in caplog.text
    assert why in caplog.text


def test_what_is_sent_names_the_database_and_holds_no_password(database, requests, monkeypatch):
    secret = database.set(username=database.username or "postgres", password="s3cret-pass")
    monkeypatch.setenv("LOANWATCH_DATABASE_URL", secret.render_as_string(hide_password=False))
    job = make_job(CONTRACT, FEBRUARY, "tcp://127.0.0.1:9")
    with read_table(connect(job.database), job.contract) as connection:
        order = make_order(job, None, connection, job.database)
        sent = cloudpickle.dumps((order, PartOrder(0, FEBRUARY, np.empty(0, np.uint64))))
    assert b"card_requests" in sent
    assert b"s3cret-pass" not in sent
    assert b"postgresql" not in sent


def test_the_number_of_readers_is_bounded(requests, tmp_path, monkeypatch):
    """Both workers at once would sleep less long than one after the other."""
    monkeypatch.setattr("tasks.models.cluster.plan.DOTTED_ROWS", 50)
    monkeypatch.setenv("LOANWATCH_READERS", "1")
    query = ORDERED.replace("from card_request", "from card_request cross join (select pg_sleep(1)) as nap")
    with run_cluster(tmp_path / "dask", 2) as cluster:
        job = make_job(write_contract(tmp_path, query), FEBRUARY, cluster.address)
        begun = datetime.now(UTC)
        read = read_on_cluster(job, None)
        assert (datetime.now(UTC) - begun).total_seconds() > read.parts
    engine = make_engine(requests.url, Patience())
    with engine.connect() as connection:
        held = "select count(*) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database "
        assert connection.execute(text(f"{held} where datname = current_database())")).scalar_one() == 0
    engine.dispose()
