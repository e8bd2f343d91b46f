"""Batch scoring by the workers of a Dask cluster: what one process writes, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from prefect.client.orchestration import get_client
from sqlalchemy import Engine, text

from blocks.postgres.connect import connect
from flows import score as flow
from tasks.contract.load import load_contract
from tasks.core.windows import month_of
from tasks.extract.table import read_table
from tasks.job.job import Job
from tasks.models.cluster.order import PartOrder
from tasks.models.cluster.parts import make_order
from tasks.models.cluster.worker import BatchOrder, score_part
from tasks.models.score_batch import Batch, Scored, Tally, load_champion, score_applications
from tasks.run.request import ScoreRequest
from tasks.schema.migrate import prepare_schema
from tests.models.test_cluster import FEBRUARY, ORDERED, PLAIN, make_job, write_contract
from tests.support.dask_cluster import run_cluster
from tests.support.second_lender import CONTRACT, fill_table, make_requests
from tests.support.small_model import find_bundle, install, make_bundle

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("prefect_server")]

JULY = month_of("2024-07")


@pytest.fixture
def loans(demo: Engine, tmp_path: Path) -> Engine:
    """The demo with a champion."""
    prepare_schema(demo)
    with demo.begin() as connection:
        install(connection, load_contract("loan_applications"), tmp_path / "models", find_bundle())
    return demo


@pytest.fixture
def cards(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """The second lender, whose contract has no `[parts]`, with a champion."""
    monkeypatch.setattr("tasks.models.cluster.plan.DOTTED_ROWS", 50)
    fill_table(engine, make_requests(months=2))
    prepare_schema(engine)
    contract = load_contract(CONTRACT)
    with engine.begin() as connection:
        install(connection, contract, tmp_path / "models", make_bundle(contract))
    return engine


def run_score(job: Job) -> Scored:
    return score_applications.fn(job, load_champion.fn(job))


def read_predictions(engine: Engine) -> dict[str, tuple[float, str, datetime]]:
    query = text("select loan_id, probability, decision, scored_at from loanwatch.prediction")
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    return {row.loan_id: (row.probability, row.decision, row.scored_at) for row in rows}


def drop_times(predictions: dict[str, tuple[float, str, datetime]]) -> dict[str, tuple[float, str]]:
    return {name: (probability, decision) for name, (probability, decision, _) in predictions.items()}


def score_here(engine: Engine, job: Job) -> dict[str, tuple[float, str]]:
    """What one process writes; the table is empty again afterwards."""
    run_score(replace(job, engine=""))
    alone = drop_times(read_predictions(engine))
    with engine.begin() as connection:
        connection.execute(text("delete from loanwatch.prediction"))
    return alone


def assert_scored(engine: Engine, job: Job, alone: dict[str, tuple[float, str]]) -> Scored:
    """The cluster writes what one process does, and a rerun changes nothing."""
    done = run_score(job)
    written = read_predictions(engine)
    assert drop_times(written) == alone
    assert done.applications == done.added == len(alone) > 0
    again = run_score(job)
    assert (again.applications, again.added) == (done.applications, 0)
    assert read_predictions(engine) == written
    return done


def test_the_workers_write_what_one_process_writes_and_a_rerun_changes_nothing(loans, tmp_path):
    job = make_job("loan_applications", JULY, "")
    alone = score_here(loans, job)
    with run_cluster(tmp_path / "dask", 2) as cluster:
        assert_scored(loans, replace(job, engine=cluster.address), alone)


def test_a_contract_without_parts_is_scored_by_its_days(cards, tmp_path):
    job = make_job(write_contract(tmp_path, ORDERED), FEBRUARY, "")
    alone = score_here(cards, job)
    with run_cluster(tmp_path / "dask", 2) as cluster:
        assert_scored(cards, replace(job, engine=cluster.address), alone)


@pytest.mark.parametrize("query", [PLAIN, ORDERED.replace("%(end)s::date + 1", "%(end)s::date")])
def test_a_query_that_cannot_be_cut_is_scored_by_one_process(cards, tmp_path, caplog, query):
    """Nothing is written of a part that has other rows than its days should have."""
    job = make_job(write_contract(tmp_path, query), FEBRUARY, "")
    alone = score_here(cards, job)
    with run_cluster(tmp_path / "dask", 1) as cluster:
        assert_scored(cards, replace(job, engine=cluster.address), alone)
    assert "One process scores the window alone" in caplog.text


def test_a_part_that_is_done_twice_is_written_and_counted_once(cards, tmp_path):
    """A worker died after its transaction and before it could tell: another one gets the same order."""
    job = make_job(write_contract(tmp_path, ORDERED), FEBRUARY, "tcp://127.0.0.1:9")
    champion = load_champion.fn(job)
    with cards.connect() as connection:
        began = connection.execute(text("select clock_timestamp()")).scalar_one()
    batch = Batch(job.contract.name, champion.model.version, 0.5, began)
    with read_table(connect(job.database), job.contract) as connection:
        order = make_order(job, None, connection, job.database)
        part = PartOrder(0, FEBRUARY, np.empty(0, np.uint64), rows=500)
        call: tuple[Any, ...] = (order, part, BatchOrder(job.database, champion.model, batch))
        assert score_part(*call) == Tally(500, 500, 500)
        written = read_predictions(cards)
        assert score_part(*call) == Tally(500, 500, 500)
    assert read_predictions(cards) == written
    assert len(written) == 500


def test_the_command_scores_on_a_cluster_and_links_its_dashboard(loans, tmp_path, capsys):
    with run_cluster(tmp_path / "dask", 1) as cluster:
        asked = ScoreRequest(start=JULY.start, end=JULY.end, engine=cluster.address)
        assert flow.command(options=asked) == 0
    assert "2,000 predictions are new" in capsys.readouterr().out
    with get_client(sync_client=True) as client:
        links = [found.data for found in client.read_artifacts() if cluster.address in (found.description or "")]
    (link,) = links
    assert "/status" in str(link)


@pytest.mark.parametrize("name", ["option", "variable"])
def test_a_csv_file_of_a_cluster_is_refused_before_anything_starts(tmp_path, capsys, monkeypatch, name):
    monkeypatch.setattr("flows.score.run_flow", lambda *_: pytest.fail("a flow was started"))
    engine = "tcp://127.0.0.1:9"
    if name == "variable":
        monkeypatch.setenv("LOANWATCH_ENGINE", engine)
    asked = ["--csv", str(tmp_path / "july.csv"), *(["--engine", engine] if name == "option" else [])]
    assert flow.app(asked, result_action="return_value") == 2
    said = " ".join(capsys.readouterr().err.split())
    assert f"the Dask cluster at {engine}" in said
    assert "LOANWATCH_ENGINE unset" in said
