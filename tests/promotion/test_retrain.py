"""Challenges on a real PostgreSQL: a better challenger, an equal one, a drifted champion; the ledger and a rollback."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import text

from blocks.postgres.connect import Database, Patience, make_engine
from flows import models, rollback
from flows import train as flow
from tasks.changes.regime import Regime
from tasks.contract.load import load_contract
from tasks.core.findings import Finding, Outcome, Question, Verdict
from tasks.core.policy import CutOffPolicy, MonitorPolicy, SelfCheckPolicy, TrainPolicy, load_policy
from tasks.core.windows import Window
from tasks.extract.extract import extract_window
from tasks.job.job import Job, make_results_folder, name_job
from tasks.models.preprocess import prepare
from tasks.prefect_ui import events
from tasks.prefect_ui.event_names import PROMOTED
from tasks.promotion.challenge import compare_with_champion, promote_or_keep, train_challenger
from tasks.promotion.first_champion import train_first_champion
from tasks.registry.bundle import BundleError
from tasks.registry.entries import read_ledger
from tasks.registry.ledger import verify_ledger
from tasks.registry.self_checks import find_self_check
from tasks.registry.versions import find_champion, find_current
from tasks.run.request import TrainRequest
from tasks.schema.migrate import prepare_schema
from tests.support.second_lender import CONTRACT as SECOND_CONTRACT
from tests.support.second_lender import fill_table, make_requests

REFERENCE = {"start": date(2024, 3, 1), "end": date(2024, 6, 30)}
QUICK = MonitorPolicy(
    train=TrainPolicy(forest_trees=10, boosting_rounds=30, folds=2),
    self_check=SelfCheckPolicy(splits=0),
)
CONTRACT = load_contract("loan_applications")
JULY = Window(date(2024, 7, 1), date(2024, 7, 31))  # like the months before


@pytest.fixture
def demo(demo):
    prepare_schema(demo)
    return demo


@pytest.fixture(scope="module")
def championed_database(demo_database, make_database, tmp_path_factory):
    """A copy of the demo's database with a champion of the reference."""
    url = make_database(template=demo_database)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOANWATCH_DATABASE_URL", url.render_as_string(hide_password=False))
        engine = make_engine(url, Patience())
        prepare_schema(engine)
        train_first_champion.fn(make_job(tmp_path_factory.mktemp("championed"), JULY), Window(**REFERENCE))
        engine.dispose()
    return url


@pytest.fixture
def championed(championed_database, make_database, monkeypatch):
    """An engine on a copy of it, whose champion's bundle belongs to all tests."""
    url = make_database(template=championed_database)
    monkeypatch.setenv("LOANWATCH_DATABASE_URL", url.render_as_string(hide_password=False))
    engine = make_engine(url, Patience())
    yield engine
    engine.dispose()


def make_job(tmp_path, window, contract=CONTRACT):
    now = datetime.now(UTC)
    job_id = name_job(now)
    folder = make_results_folder(str(tmp_path / "results"), job_id)
    store = str(tmp_path / "models")
    return Job(job_id, "test", contract, Database("environment"), window, QUICK, folder, store, now)


def challenge(engine, tmp_path, window, findings=()):
    """The last stages of a run, on the window; returns the record and the outcome."""
    job = make_job(tmp_path, window)
    with engine.connect() as connection:
        champion = find_champion(connection, CONTRACT.name, window)
    prepared = prepare(CONTRACT, extract_window(engine, CONTRACT, window).applications)
    training = train_challenger.fn(job, champion, prepared, Regime())
    contest = compare_with_champion.fn(job, champion, training, findings)
    succeeded = promote_or_keep.fn(job, champion, training, contest, Regime())
    written = json.loads((job.results / "deploy_report.json").read_text())
    assert written == json.loads(json.dumps(contest.record))
    return contest.record, succeeded.outcome


def drifted():
    return [Finding(Question.CONCEPT, "approval", Verdict.FAIL, "The rule has changed.")]


@pytest.mark.slow
def test_an_equal_challenger_is_kept_and_the_report_says_all(championed, tmp_path):
    record, outcome = challenge(championed, tmp_path, JULY)
    assert outcome is Outcome.KEPT
    assert not record["promoted"]
    low, high = record["interval"]
    assert low <= record["difference"] <= high
    assert record["segments"]
    assert not any(segment["is_proven_worse"] for segment in record["segments"])
    assert record["importance"][0]["column"]
    assert record["calibration"]["champion"]["error"] < 0.1
    assert record["approval"] == []
    assert {name: cut_off["threshold"] for name, cut_off in record["cut_offs"].items()} == dict.fromkeys(
        ("challenger", "champion"), 0.5
    )
    with championed.connect() as connection:
        assert len(read_ledger(connection, CONTRACT.name)) == 1


@pytest.mark.slow
def test_not_worse_is_enough_where_the_champion_has_drifted(championed, tmp_path):
    generous = QUICK.promotion.model_copy(update={"not_worse_margin": 0.1})
    job = replace(make_job(tmp_path, JULY), policy=QUICK.model_copy(update={"promotion": generous}))
    with championed.connect() as connection:
        champion = find_champion(connection, CONTRACT.name, JULY)
    prepared = prepare(CONTRACT, extract_window(championed, CONTRACT, JULY).applications)
    training = train_challenger.fn(job, champion, prepared, Regime())
    assert not compare_with_champion.fn(job, champion, training, []).decision.promote
    rare = job.policy.model_copy(update={"cut_off": CutOffPolicy(approval_rate=0.1)})
    cut = compare_with_champion.fn(replace(job, policy=rare), champion, training, []).record
    for name in ("challenger", "champion"):
        assert cut["cut_offs"][name]["given"] == pytest.approx(0.1, abs=0.005)
        assert cut[name]["recall"] < 0.5
    contest = compare_with_champion.fn(job, champion, training, drifted())
    assert contest.decision.promote
    assert "not worse" in contest.decision.reason
    assert promote_or_keep.fn(job, champion, training, contest, Regime()).outcome is Outcome.PROMOTED


@pytest.mark.slow
def test_a_better_challenger_is_promoted_and_can_be_rolled_back(demo, tmp_path, capsys):
    window = Window(date(2024, 2, 1), date(2024, 6, 30))
    january = Window(date(2024, 1, 1), date(2024, 1, 31))
    # The first champion learns a rule that no longer holds: January's decisions are drawn by lot.
    with demo.begin() as connection:
        connection.execute(text("select setseed(0.5)"))
        connection.execute(
            text(
                "update loan_details set loan_status = case when hashtext(loan_id) % 5 = 0 then 'loan refused' else "
                "'loan given' end where application_time like '__-01-2024%' "
                "and abs(hashtext(loan_id || 'again') % 10) < 7"
            )
        )
    weak = make_job(tmp_path, window)
    low_bar = weak.policy.model_copy(
        update={"promotion": weak.policy.promotion.model_copy(update={"minimum_auc": 0.5, "maximum_gap": 0.5})}
    )
    weak = replace(weak, policy=low_bar)
    champion = train_first_champion.fn(weak, january)
    prepared = prepare(CONTRACT, extract_window(demo, CONTRACT, window).applications)
    training = train_challenger.fn(weak, champion, prepared, Regime())
    contest = compare_with_champion.fn(weak, champion, training, [])
    assert contest.record["interval"][0] > 0
    assert "proven better" in contest.decision.reason
    succeeded = promote_or_keep.fn(weak, champion, training, contest, Regime())
    assert succeeded.outcome is Outcome.PROMOTED
    with demo.connect() as connection:
        entries = read_ledger(connection, CONTRACT.name)
        assert verify_ledger(entries, find_current(connection, CONTRACT.name)) == []
    assert [entry.to_version for entry in entries] == [champion.model.version, succeeded.version]
    assert entries[1].effective_from == window.end + timedelta(days=1)
    assert rollback.command(why="the committee asked for it") == 0
    assert models.show_all() == 0
    assert "the committee asked for it" in " ".join(capsys.readouterr().out.split())
    with demo.connect() as connection:
        assert find_current(connection, CONTRACT.name) == champion.model.version
        card = Path(entries_artifact(connection, succeeded.version)).joinpath("card.md").read_text()
    for heading in ("Performance", "Segments", "Limits of use"):
        assert heading in card


def entries_artifact(connection, version):
    location = connection.execute(
        text("select artifact from loanwatch.model_version where version = :version"), {"version": version}
    ).scalar_one()
    return str(location).removeprefix("file://")


@pytest.mark.slow
def test_judging_rows_of_customers_that_a_model_knows_are_left_out(championed, tmp_path):
    """Loans of July move to customers of the reference."""
    with championed.begin() as connection:
        connection.execute(
            text(
                "update loan_details set customer_id = (select min(customer_id) from loan_details where "
                "application_time like '__-03-2024%') where application_time like '2_-07-2024%' "
                "and hashtext(loan_id) % 3 = 0"
            )
        )
    record, _ = challenge(championed, tmp_path, JULY)
    assert record["left_out"] > 50
    assert record["challenger"]["rows"] + record["left_out"] == record["split"]["test"]["rows"]


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
def test_the_command_retrains_and_replaces(demo, tmp_path, capsys, monkeypatch):
    told_of = []
    monkeypatch.setattr(events, "emit_event", lambda **event: told_of.append(event))
    policy = tmp_path / "policy.toml"
    quick = "[train]\nforest_trees = 10\nboosting_rounds = 30\nfolds = 2\n[self_check]\nsplits = 2\n"
    policy.write_text(quick, encoding="utf-8")
    places = {"results": str(tmp_path / "results"), "models": str(tmp_path / "models"), "policy": load_policy(policy)}
    july = {"start": JULY.start, "end": JULY.end}
    assert flow.command(options=TrainRequest(**july, **places)) == 1
    assert "--replace" in capsys.readouterr().err
    assert flow.command(options=TrainRequest(**REFERENCE, replace=True, **places)) == 0
    assert "outcome: replaced; version 1 is in production" in capsys.readouterr().out
    assert flow.command(options=TrainRequest(**july, **places)) == 0
    assert "outcome: kept; version 1 is in production" in capsys.readouterr().out
    for file in (tmp_path / "models").glob("*/model.joblib"):
        file.unlink()
    assert flow.command(options=TrainRequest(**july, **places)) == 1
    told = capsys.readouterr().err
    assert "flows.rollback" in told
    assert "flows.train --replace" in told
    assert flow.command(options=TrainRequest(**REFERENCE, replace=True, **places)) == 0
    assert "version 2 is in production" in capsys.readouterr().out
    assert [event["event"] for event in told_of] == [PROMOTED] * 2, "what was kept starts nothing"
    assert [(event["payload"]["from_version"], event["payload"]["to_version"]) for event in told_of] == [
        (None, 1),
        (1, 2),
    ]
    with demo.connect() as connection:
        checks = [find_self_check(connection, CONTRACT.name, version) for version in (1, 2)]
    # Windows to come are taken to be as large as a month of the reference.
    assert [(check.version, check.splits, 1_500 < check.window_rows < 2_600) for check in checks] == [
        (1, 2, True),
        (2, 2, True),
    ]
    assert told_of[0]["payload"]["window_start"] == str(REFERENCE["start"])
    assert flow.command(options=TrainRequest(replace=True, **places)) == 2
    assert flow.command(options=TrainRequest(start=date(2030, 1, 1), end=date(2030, 1, 31), **places)) == 1


@pytest.mark.slow
def test_a_damaged_champion_stops_a_run(demo, tmp_path):
    train_first_champion.fn(make_job(tmp_path, JULY), Window(**REFERENCE))
    (folder,) = (tmp_path / "models").iterdir()
    content = bytearray((folder / "model.joblib").read_bytes())
    content[1000] ^= 1
    (folder / "model.joblib").write_bytes(content)
    with demo.connect() as connection, pytest.raises(BundleError, match=r"flows\.rollback.*flows\.train"):
        find_champion(connection, CONTRACT.name, JULY)


@pytest.mark.slow
def test_protected_groups_are_reported_and_never_shown_to_the_model(database, tmp_path):
    engine = make_engine(database, Patience())
    prepare_schema(engine)
    fill_table(engine, make_requests())
    contract = load_contract(SECOND_CONTRACT)
    window = Window(date(2023, 1, 1), date(2023, 6, 30))
    champion = train_first_champion.fn(make_job(tmp_path, window, contract), window)
    groups = {(row["group"], row["decided_by"]) for row in champion.model.metrics["approval"]}
    assert {decider for _, decider in groups} == {"the lender", "the model"}
    assert 'The share of "yes" by protected group' in champion.bundle.card
    derived = champion.bundle.scorer[0].transform(pd.DataFrame({column.name: [np.nan] for column in contract.features}))
    assert "age_band" not in derived.columns
    engine.dispose()


@pytest.mark.slow
def test_each_candidate_on_the_real_applications(database, real_data):
    from sklearn.metrics import roc_auc_score

    from tasks.models.scoring import score
    from tasks.models.train import Kind, fit_candidate
    from tasks.source_tables.load import load_tables

    engine = make_engine(database, Patience())
    load_tables(engine, CONTRACT, real_data)
    reference, current = (
        prepare(CONTRACT, extract_window(engine, CONTRACT, days).applications)
        for days in (Window(date(2015, 4, 16), date(2015, 5, 30)), Window(date(2015, 10, 28), date(2015, 11, 27)))
    )
    judged = current.take(current.is_labelled)
    for kind in Kind:
        candidate = fit_candidate(CONTRACT, kind, reference, TrainPolicy())
        assert roc_auc_score(judged.labels, score(candidate.pipeline, judged.applications)) >= 0.935, kind
    engine.dispose()
