"""A model of the lender's own becomes champion by a command: tried, refused, installed, watched and rolled back."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from flows import models, rollback
from tasks.contract.load import load_contract
from tasks.core.windows import Window
from tasks.extract.extract import extract_window
from tasks.extract.labels import read_labels
from tasks.models.scoring import score
from tasks.registry.versions import load_current
from tasks.schema.migrate import prepare_schema
from tests.support.lender_models import build_pipeline, fit_pipeline, read_frame, save_all

skops_io = pytest.importorskip("skops.io", reason="the extra skops is not installed")
pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
CONTRACT = load_contract("loan_applications")
FITTED, WINDOW = Window(date(2024, 1, 1), date(2024, 3, 31)), Window(date(2024, 7, 1), date(2024, 7, 31))
DAYS = [
    "--start",
    "2024-07-01",
    "--end",
    "2024-07-31",
    "--reference-start",
    "2024-04-01",
    "--reference-end",
    "2024-06-30",
]


@pytest.fixture(scope="module")
def lender(demo_database, make_database, tmp_path_factory):
    """The lender's pipeline, fitted on the first quarter, and its files."""
    from blocks.postgres.connect import Patience, make_engine

    engine = make_engine(make_database(template=demo_database), Patience())
    applications = extract_window(engine, CONTRACT, FITTED).applications
    engine.dispose()
    pipeline = fit_pipeline(applications, read_labels(CONTRACT, applications))
    return pipeline, save_all(pipeline, tmp_path_factory.mktemp("lender"))


@pytest.fixture
def demo(demo):
    prepare_schema(demo)
    return demo


def run(path: Path, store: Path, *options: str) -> int:
    given = ["import", str(path), *DAYS, "--models", str(store / "models"), *options]
    return int(models.app(given, result_action="return_value"))


def count(engine, table):
    with engine.connect() as connection:
        return connection.execute(text(f"select count(*) from loanwatch.{table}")).scalar_one()


@pytest.mark.slow
@pytest.mark.parametrize("form", ["skops", "joblib", "onnx"])
def test_a_dry_run_tells_and_changes_nothing_and_installing_does(form, demo, lender, tmp_path, capsys):
    pipeline, files = lender
    given = ["--trust-pickle"] if form == "joblib" else []
    assert run(files[form], tmp_path, *given) == 0
    told = capsys.readouterr().out
    for words in ("sha256", "AUC", "KS", "Gini", "given a loan", "2024-04-01 to 2024-06-30", "nothing was changed"):
        assert words in told
    assert told.index("sha256") < told.index("runs" if form != "onnx" else "graph") < told.index("It takes")
    assert "changes a probability" not in told
    assert count(demo, "model_version") == 0
    assert not (tmp_path / "models").exists()

    identity = ["--name", "Scorecard 2023", "--version", "7", "--owner", "Risk", "--trained-until", "2024-03-31"]
    assert run(files[form], tmp_path, "--install", *identity, *given) == 0
    assert "version 1 is in production from 2024-07-01 on: Scorecard 2023" in capsys.readouterr().out
    with demo.connect() as connection:
        champion = load_current(connection, CONTRACT.name)
    assert champion.model.kind == "imported"
    assert champion.model.metrics["imported"]["version"] == "7"
    assert champion.bundle.profile.origin == "holdout"
    assert not len(champion.bundle.customers.hashes)
    for words in (
        "Scorecard 2023, version 7",
        "Owner**: Risk",
        "2024-03-31",
        "2024-04-01 to 2024-06-30",
        "“loan given”",
    ):
        assert words in champion.bundle.card
    assert "| auc | 0." in champion.bundle.card
    assert "training rows" not in champion.bundle.card
    rows = extract_window(demo, CONTRACT, WINDOW).applications
    expected = pipeline.predict_proba(read_frame(rows))[:, 1]
    limit = 1e-5 if form == "onnx" else 0
    assert np.max(np.abs(score(champion.bundle.scorer, rows) - expected)) <= limit
    (folder,) = (tmp_path / "models").iterdir()
    assert (folder / f"model.{form}").read_bytes() == files[form].read_bytes()


def test_a_pickle_is_read_only_where_it_is_trusted(demo, lender, tmp_path, capsys, monkeypatch):
    import joblib

    monkeypatch.setattr(joblib, "load", lambda *_: pytest.fail("it was read"))
    assert run(lender[1]["joblib"], tmp_path) == 2
    said = capsys.readouterr().err
    assert "runs whatever code is in the file" in said
    assert "--trust-pickle" in said


@pytest.mark.slow
def test_a_champion_is_replaced_only_on_demand_and_comes_back(demo, lender, tmp_path, capsys):
    _, files = lender
    assert run(files["skops"], tmp_path, "--install") == 0
    assert run(files["onnx"], tmp_path, "--install") == 2
    assert "Version 1 is in production. Add --replace" in capsys.readouterr().err
    assert run(files["onnx"], tmp_path, "--install", "--replace", "--effective", "2024-08-01") == 0
    with demo.connect() as connection:
        assert load_current(connection, CONTRACT.name).model.version == 2
    assert rollback.command(to=1) == 0
    with demo.connect() as connection:
        assert load_current(connection, CONTRACT.name).model.version == 1
        told = connection.execute(text("select title from loanwatch.alert order by created_at")).scalars().all()
    assert [title.partition(": ")[2] for title in told] == [
        "version 1 is now in production",
        "version 2 is in production in place of version 1",
        "version 1 is in production in place of version 2",
    ]
    assert models.verify() == 0
    assert models.show_all() == 0
    assert models.show_one(1) == 0
    assert "scorecard.skops" in capsys.readouterr().out


def test_days_on_which_it_was_fitted_are_no_reference(demo, lender, tmp_path, capsys):
    assert run(lender[1]["skops"], tmp_path, "--install", "--trained-until", "2024-04-15") == 2
    assert "fitted on days up to 2024-04-15" in capsys.readouterr().err
    assert count(demo, "model_version") == 0


@pytest.mark.slow
def test_the_wrong_class_is_told_and_not_installed(demo, lender, tmp_path, capsys):
    assert run(lender[1]["skops"], tmp_path, "--install", "--positive", "0") == 2
    said = capsys.readouterr().err
    assert "worse than chance" in said
    assert "--positive" in said
    assert count(demo, "model_version") == 0


@pytest.mark.slow
def test_an_unfit_model_leaves_the_champion(demo, lender, tmp_path, capsys):
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import Pipeline

    assert run(lender[1]["skops"], tmp_path, "--install") == 0
    pipeline, _ = lender
    regressor = Pipeline([("columns", pipeline.named_steps["columns"]), ("model", LinearRegression())])
    rows = read_frame(extract_window(demo, CONTRACT, FITTED).applications)
    regressor.fit(rows, np.arange(len(rows)) % 2)
    renamed = build_pipeline(numbers=("income",), categories=()).fit(
        rows[["annual_income"]].rename(columns={"annual_income": "income"}), np.arange(len(rows)) % 2
    )
    for model, words in ((regressor, "is a regressor"), (renamed, "`income` (not in the contract)")):
        skops_io.dump(model, tmp_path / "unfit.skops")
        assert run(tmp_path / "unfit.skops", tmp_path, "--install", "--replace") == 2
        assert words in capsys.readouterr().err
    with demo.connect() as connection:
        assert load_current(connection, CONTRACT.name).model.version == 1
    assert count(demo, "promotion") == 1


@pytest.mark.slow
def test_a_tampered_bundle_is_refused_before_it_is_read(demo, lender, tmp_path, capsys, monkeypatch):

    assert run(lender[1]["skops"], tmp_path, "--install") == 0
    (folder,) = (tmp_path / "models").iterdir()
    content = bytearray((folder / "model.skops").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "model.skops").write_bytes(content)
    monkeypatch.setattr(skops_io, "loads", lambda *_, **__: pytest.fail("it was read"))
    assert rollback.command(to=1) != 0  # it is in production already
    capsys.readouterr()
    from blocks.errors import LoanwatchError

    with demo.connect() as connection, pytest.raises(LoanwatchError, match=r"model\.skops .* changed or damaged"):
        load_current(connection, CONTRACT.name)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["skops", "onnx"])
@pytest.mark.usefixtures("prefect_server")
def test_it_is_watched_and_challenged_and_scores(form, demo, lender, tmp_path, capsys):
    from flows import monitor
    from flows import score as scoring
    from tasks.run.request import MonitorRequest, ScoreRequest

    store = str(tmp_path / "models")
    assert run(lender[1][form], tmp_path, "--install", "--owner", "Risk") == 0

    def watch(month: str) -> dict:
        results = tmp_path / "results" / month
        request = MonitorRequest(models=store, results=str(results))
        assert monitor.command(options=request, month=month) == 0
        (folder,) = [path for path in results.iterdir() if path.is_dir()]
        return json.loads((folder / "summary.json").read_text())

    quiet = watch("2024-07")
    assert quiet["champion"]["kind"] == "imported"
    assert quiet["cut_off"]["threshold"] == 0.5
    assert quiet["outcome"] == "stable"
    changed = watch("2024-10")
    assert changed["comparison"] is not None
    assert changed["outcome"] in ("kept", "promoted")
    assert scoring.command(options=ScoreRequest(start=WINDOW.start, end=WINDOW.end)) == 0
    assert count(demo, "prediction") == 2000
