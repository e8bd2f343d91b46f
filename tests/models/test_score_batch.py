"""Batch scoring on a real PostgreSQL: in chunks, once, labels or none."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from prefect.exceptions import ParameterTypeError
from sqlalchemy import text

from blocks.postgres.connect import Database, Patience, make_engine
from flows import score as flow
from tasks.contract.load import load_contract
from tasks.core.policy import MonitorPolicy
from tasks.core.windows import Window
from tasks.extract.extract import extract_window
from tasks.job.job import Job
from tasks.models.score_batch import load_champion, score_applications
from tasks.models.scoring import score
from tasks.run.request import ScoreRequest
from tasks.schema.migrate import prepare_schema
from tests.support import ROOT
from tests.support.small_model import install, make_bundle

CONTRACT = load_contract("loan_applications")
BUNDLE = make_bundle(CONTRACT)
WINDOW = Window(date(2024, 7, 1), date(2024, 7, 31))


@pytest.fixture
def demo(demo_database, make_database, monkeypatch, tmp_path):
    """An engine on a copy of the demo's database with a champion."""
    url = make_database(template=demo_database)
    monkeypatch.setenv("LOANWATCH_DATABASE_URL", url.render_as_string(hide_password=False))
    engine = make_engine(url, Patience())
    prepare_schema(engine)
    with engine.begin() as connection:
        install(connection, CONTRACT, tmp_path / "models", BUNDLE)
        connection.execute(text("update loan_details set loan_status = null where application_time like '__-07-2024%'"))
    yield engine
    engine.dispose()


def make_job():
    database = Database("environment")
    return Job("job", "score", CONTRACT, database, WINDOW, MonitorPolicy(), Path(), "", datetime.now(UTC))


def read_predictions(engine):
    with engine.connect() as connection:
        rows = connection.execute(text("select loan_id, probability, decision, scored_at from loanwatch.prediction"))
        return {row.loan_id: row for row in rows}


def test_chunks_give_every_application_the_score_that_the_whole_gives(demo):
    job = make_job()
    done = score_applications.fn(job, load_champion.fn(job), chunk_rows=300)
    whole = extract_window(demo, CONTRACT, WINDOW).applications
    assert done.applications == done.added == len(whole) == 2000
    assert done.rate > 0
    written = read_predictions(demo)
    expected = dict(zip(whole[CONTRACT.id.name], score(BUNDLE.pipeline, whole), strict=True))
    assert written.keys() == expected.keys()
    np.testing.assert_allclose([written[name].probability for name in expected], list(expected.values()), rtol=1e-12)
    assert all((row.decision == "loan given") == (row.probability >= 0.5) for row in written.values())


def test_scoring_again_changes_nothing_and_adds_what_is_missing(demo):
    job = make_job()
    score_applications.fn(job, load_champion.fn(job))
    before = read_predictions(demo)
    assert score_applications.fn(job, load_champion.fn(job)).added == 0
    assert read_predictions(demo) == before
    with demo.begin() as connection:
        connection.execute(text("delete from loanwatch.prediction where loan_id = :name"), {"name": min(before)})
    assert score_applications.fn(job, load_champion.fn(job)).added == 1


@pytest.mark.usefixtures("prefect_server")
def test_the_command_scores_and_tells_its_rate(demo, capsys):
    assert flow.command(options=ScoreRequest(start=WINDOW.start, end=WINDOW.end)) == 0
    told = capsys.readouterr().out
    assert "2,000 predictions are new" in told
    assert "applications a second" in told
    with demo.begin() as connection:
        connection.execute(text("update loanwatch.model_version set state = 'retired'"))
    assert flow.command(options=ScoreRequest(start=WINDOW.start, end=WINDOW.end)) == 1
    assert "flows.train" in capsys.readouterr().err


@pytest.mark.usefixtures("prefect_server")
def test_trailing_days_are_the_last_that_the_table_holds(demo):
    record = flow.score(trailing_days=7)
    with demo.connect() as connection:
        last = text("select max(to_date(application_time, 'DD-MM-YYYY')) from loan_details")
        held = connection.execute(last).scalar_one()
    assert record["window"] == {"start": str(held - timedelta(days=6)), "end": str(held)}
    assert 0 < record["added"] == len(read_predictions(demo)) < 2000
    with pytest.raises(ParameterTypeError):
        flow.score(trailing_days=0)


def test_half_a_window_is_told_before_anything_starts():
    done = subprocess.run(
        [sys.executable, "-m", "flows.score", "--start", "2024-07-01"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "--end" in done.stderr
