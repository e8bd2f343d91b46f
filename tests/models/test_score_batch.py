"""Batch scoring on a real PostgreSQL: in chunks, once, labels or none."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import text

from blocks.postgres.connect import Database
from deployments.api.predict import answer_all
from deployments.api.rows import RowReader
from deployments.api.serving import Served
from flows import score as flow
from flows.cli.form import FormError
from tasks.contract.load import load_contract
from tasks.core.files import WriteError
from tasks.core.policy import CutOffPolicy, MonitorPolicy
from tasks.core.windows import Window
from tasks.extract.extract import extract_window
from tasks.foreign.model import ForeignModel
from tasks.job.job import Job
from tasks.models.cut_off import find_threshold
from tasks.models.export import ExportError
from tasks.models.score_batch import load_champion, score_applications
from tasks.models.scoring import score
from tasks.run.request import ScoreRequest
from tasks.schema.migrate import prepare_schema
from tests.support.small_model import find_bundle, install

CONTRACT = load_contract("loan_applications")
WINDOW = Window(date(2024, 7, 1), date(2024, 7, 31))


@pytest.fixture
def demo(demo, tmp_path):
    """The same with a champion, and without July's decisions."""
    prepare_schema(demo)
    with demo.begin() as connection:
        install(connection, CONTRACT, tmp_path / "models", find_bundle())
        connection.execute(text("update loan_details set loan_status = null where application_time like '__-07-2024%'"))
    return demo


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
    expected = dict(zip(whole[CONTRACT.id.name], score(find_bundle().scorer, whole), strict=True))
    assert written.keys() == expected.keys()
    np.testing.assert_allclose([written[name].probability for name in expected], list(expected.values()), rtol=1e-12)
    assert all((row.decision == "loan given") == (row.probability >= 0.5) for row in written.values())


class HalfSilent(ForeignModel):
    """It scores every other application."""

    def score(self, applications):
        return np.where(np.arange(len(applications)) % 2, 0.7, np.nan)


def test_without_a_number_nothing_is_decided(demo):
    job = make_job()
    champion = load_champion.fn(job)
    champion = replace(champion, bundle=replace(champion.bundle, scorer=HalfSilent()))
    done = score_applications.fn(job, champion)
    assert (done.applications, done.added) == (2000, 1000)
    assert {row.probability for row in read_predictions(demo).values()} == {0.7}
    whole = extract_window(demo, CONTRACT, WINDOW).applications
    few = whole.iloc[:10][[column.name for column in CONTRACT.features]]
    rows = RowReader(CONTRACT).read(json.loads(few.to_json(orient="records", double_precision=15)))
    answers = answer_all(CONTRACT, Served(champion, CONTRACT, CutOffPolicy()), rows)
    assert [one.get("probability") for one in answers] == [None, 0.7] * 5


def test_decisions_follow_the_cut_off(demo):
    policy = MonitorPolicy(cut_off=CutOffPolicy(approval_rate=0.2))
    job = replace(make_job(), policy=policy)
    done = score_applications.fn(job, load_champion.fn(job))
    assert done.threshold == find_threshold(CONTRACT, policy.cut_off, find_bundle()) != 0.5
    written = read_predictions(demo).values()
    assert {row.decision == "loan given" for row in written} == {True, False}
    assert all((row.decision == "loan given") == (row.probability >= done.threshold) for row in written)


def test_scoring_again_changes_nothing_and_adds_what_is_missing(demo):
    job = make_job()
    score_applications.fn(job, load_champion.fn(job))
    before = read_predictions(demo)
    assert score_applications.fn(job, load_champion.fn(job)).added == 0
    assert read_predictions(demo) == before
    with demo.begin() as connection:
        connection.execute(text("delete from loanwatch.prediction where loan_id = :name"), {"name": min(before)})
    assert score_applications.fn(job, load_champion.fn(job)).added == 1


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
def test_trailing_days_are_the_last_that_the_table_holds(demo):
    record = flow.score(trailing_days=7)
    with demo.connect() as connection:
        last = text("select max(to_date(application_time, 'DD-MM-YYYY')) from loan_details")
        held = connection.execute(last).scalar_one()
    assert record["window"] == {"start": str(held - timedelta(days=6)), "end": str(held)}
    assert 0 < record["added"] == len(read_predictions(demo)) < 2000
    with pytest.raises(FormError):
        flow.score(trailing_days=0)


def test_half_a_window_is_told_before_anything_starts(capsys, monkeypatch):
    monkeypatch.setattr("flows.score.run_flow", lambda *_: pytest.fail("a flow was started"))
    assert flow.app(["--start", "2024-07-01"], result_action="return_value") == 2
    assert "--end" in capsys.readouterr().err


def test_the_predictions_are_a_csv_file_too_where_asked(demo, tmp_path, capsys):
    file = tmp_path / "july.csv"
    job = make_job()
    score_applications.fn(job, load_champion.fn(job), chunk_rows=300, export=file)
    exported = pd.read_csv(file, dtype={"loan_id": str})
    written = read_predictions(demo)
    assert list(exported.columns) == ["loan_id", "probability", "decision", "model_version"]
    assert len(exported) == len(written) == 2000
    assert [written[row.loan_id].probability for row in exported.itertuples()] == list(exported["probability"])
    assert set(exported["model_version"]) == {1}
    assert file.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.glob(".*.partial")] == []
    before = file.read_bytes()
    with pytest.raises(ExportError, match="name another file"):
        score_applications.fn(job, load_champion.fn(job), export=file)
    assert file.read_bytes() == before
    with pytest.raises(WriteError, match="cannot be written"):
        score_applications.fn(job, load_champion.fn(job), export=tmp_path / "missing" / "july.csv")
