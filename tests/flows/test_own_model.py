"""A lender's own model, watched by its scores: adopted without training, and judged as a model of ours would be."""

from __future__ import annotations

import html
from datetime import date
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest
from sqlalchemy import text

from blocks.postgres.connect import Patience, make_engine, resolve_database
from flows import models, rollback
from flows.score import score
from flows.train import train
from tasks.contract.load import load_contract
from tasks.core.findings import Question
from tasks.core.policy import PromotionPolicy
from tasks.core.windows import Window
from tasks.demo.story import STORY
from tasks.models.score_batch import ScoredElsewhereError
from tasks.source_tables.load import load_tables
from tests.deployments.test_api import make_request, serve
from tests.flows.test_monitor import QUICK, SCHEMA, _expect, read_all
from tests.support.flow import month, run_monitor
from tests.support.scored_loans import (
    DECISION,
    VERSION,
    fill_scores,
    name_scores,
    read_loans,
    score_as_champion,
    score_crudely,
    write_contract,
)

pytestmark = pytest.mark.usefixtures("prefect_server")
DRIFT = ("data", "label", "concept", "model")


def list_figures(summary):
    """Every figure of the drift questions, by check and subject."""
    names = ("effect", "standard_error", "p_value", "reference", "current", "smallest_detectable", "verdict")
    return {
        (found["question"], found["check"], found["subject"]): {name: found[name] for name in names}
        for found in summary["findings"]
        if found["question"] in DRIFT
    }


def list_differences(ours, theirs):
    """The figures in which two runs differ, by check and subject."""
    before, now = list_figures(ours), list_figures(theirs)
    keys = before.keys() | now.keys()
    return {key: (before.get(key), now.get(key)) for key in keys if before.get(key) != now.get(key)}


@pytest.mark.slow
def test_the_scores_of_our_own_champion_as_a_column_give_the_same_figures_to_the_digit(demo, tmp_path):
    _, ours = run_monitor(tmp_path, **month(2024, 10), policy=QUICK)
    fill_scores(demo, score_as_champion(demo, ours["champion"]["version"]))
    _, theirs = run_monitor(tmp_path, **month(2024, 10), policy=QUICK, contract=write_contract(tmp_path))
    jsonschema.validate(theirs, SCHEMA, format_checker=jsonschema.FormatChecker())
    assert theirs["champion"]["kind"] == "external"
    assert theirs["reference"] == ours["reference"]
    assert list_differences(ours, theirs) == {}


@pytest.mark.slow
@pytest.mark.parametrize("told", STORY[7:], ids=lambda told: f"{told.first_day:%Y-%m}")
def test_the_demos_story_is_told_of_a_rounded_uncalibrated_model_too(demo, tmp_path, told):
    loans = read_loans(demo)
    is_before = loans["application_time"] < pd.Timestamp(2024, 8, 1)
    scores = np.round(20 * score_crudely(loans, is_before)) / 20
    fill_scores(demo, name_scores(loans, scores))
    reference = {"reference_start": date(2024, 2, 1), "reference_end": date(2024, 7, 31)}
    window = month(2024, told.first_day.month)
    _, summary = run_monitor(tmp_path, **window, **reference, policy=QUICK, contract=write_contract(tmp_path))
    expected = {str(question): _expect(summary, told, question) for question in Question}
    assert summary["verdicts"] == expected
    named = {f["subject"] for f in summary["findings"] if (f["question"], f["verdict"]) == ("data", "fail")}
    assert set(told.names) <= named
    stages = [row["stage"] for row in read_all(demo, "select distinct stage from loanwatch.mljob")]
    assert ("train" in stages) == bool(told.alarms)
    assert "first_champion" not in stages
    assert "rounded ones" in next(f["sentence"] for f in summary["findings"] if f["check"] == "score_rounded")


def fill_crude_scores(engine, **more):
    """Scores of the crude model for the whole year; `more` makes other columns of the loans."""
    loans = read_loans(engine)
    scores = score_crudely(loans, loans["application_time"] < pd.Timestamp(2024, 7, 1))
    made = {name: make(loans) for name, make in more.items()}
    fill_scores(engine, name_scores(loans, scores, **made))
    return loans


def list_stages(engine):
    """Every stage that any run has started."""
    return {row["stage"] for row in read_all(engine, "select distinct stage from loanwatch.mljob")}


HALF_YEAR = {"reference_start": date(2024, 1, 1), "reference_end": date(2024, 6, 30)}


@pytest.mark.slow
def test_a_lenders_own_model_is_adopted_and_nothing_is_trained(demo, tmp_path, capsys):
    fill_crude_scores(demo)
    contract = write_contract(tmp_path)
    _, summary = run_monitor(tmp_path, **month(2024, 7), **HALF_YEAR, policy=QUICK, contract=contract)
    jsonschema.validate(summary, SCHEMA, format_checker=jsonschema.FormatChecker())
    assert summary["outcome"] == "stable"
    assert list_stages(demo) & {"train", "first_champion", "adopt"} == {"adopt"}
    assert summary["champion"]["external"] == {
        "name": "Scorecard 2023", "version": None, "owner": "Risk department", "score": "own_score",
        "trained_until": None,
    }  # fmt: skip
    assert (summary["window"]["scored"], summary["window"]["given"]) == (summary["window"]["applications"], None)
    page = html.unescape((Path(summary["results"]) / "report.html").read_text(encoding="utf-8"))
    named = "Scorecard 2023 (the lender's own model; owner: Risk department)"
    assert page.count(named) >= 2
    assert "out-of-fold" not in page.split("Monitored model")[1].split("</section>")[0]
    assert named in html.unescape((tmp_path / "results" / "index.html").read_text(encoding="utf-8"))
    (entry,) = read_all(demo, "select * from loanwatch.promotion")
    assert f"Adopted as it is: {named}" in entry["why"]
    assert str(entry["effective_from"]) == "2024-07-01"

    options = ["--contract", contract]
    assert models.app(options, result_action="return_value") == 0
    assert models.app(["show", "1", *options], result_action="return_value") == 0
    said = capsys.readouterr().out
    assert "Scorecard 2023" in said
    assert "- **Owner**: Risk department." in said
    assert "cannot score with it" in said
    with pytest.raises(ScoredElsewhereError, match="made elsewhere and stand in the column own_score"):
        score(contract=contract, **month(2024, 7))


@pytest.mark.slow
def test_the_api_shows_a_lenders_own_model_and_says_that_it_cannot_predict(demo, tmp_path):
    fill_crude_scores(demo)
    contract = write_contract(tmp_path)
    run_monitor(tmp_path, **month(2024, 7), **HALF_YEAR, policy=QUICK, contract=contract)
    with serve(database=resolve_database(), contract=load_contract(contract)) as client:
        assert client.get("/model").json()["kind"] == "external"
        for answer in (client.get("/ping"), client.post("/predict", json=make_request(loan_id="a"))):
            assert answer.status_code == 503
            assert "made elsewhere" in answer.text


@pytest.mark.slow
def test_where_the_policy_allows_it_a_model_of_loanwatch_takes_over_and_a_rollback_returns(demo, tmp_path):
    fill_crude_scores(demo)
    contract = write_contract(tmp_path)
    allowed = QUICK.model_copy(update={"promotion": PromotionPolicy(may_replace_external=True)})
    _, summary = run_monitor(tmp_path, **month(2024, 10), policy=allowed, contract=contract)
    assert summary["outcome"] == "promoted"
    assert summary["champion"]["kind"] == "external"
    state = score(contract=contract, **month(2024, 11), return_state=True)
    assert state.result()["version"] == summary["champion_after"] == 2
    assert rollback.app(["--contract", contract, "--effective", "2024-11-01"], result_action="return_value") == 0
    _, after = run_monitor(tmp_path, **month(2024, 11), policy=QUICK, contract=contract, may_promote=False)
    assert (after["champion"]["version"], after["champion"]["kind"]) == (1, "external")
    with pytest.raises(ScoredElsewhereError):
        score(contract=contract, **month(2024, 11))
    replaced = train(
        contract=contract, replace=True, start=date(2024, 10, 1), end=date(2024, 10, 31), policy=QUICK,
        results=str(tmp_path / "results"), models=str(tmp_path / "models"), return_state=True,
    )  # fmt: skip
    assert replaced.result()["outcome"] == "replaced"


@pytest.mark.slow
def test_each_version_is_watched_apart_and_a_new_one_takes_over_when_it_can_be_judged(demo, tmp_path):
    """Version 2 scores from 10 August on: most of August, with no days before it to compare with."""
    since = pd.Timestamp(2024, 8, 10)
    fill_crude_scores(demo, scored_by=lambda loans: np.where(loans["application_time"] < since, "1", "2"))
    contract = write_contract(tmp_path, more=VERSION)
    given = {"policy": QUICK, "contract": contract}
    _, july = run_monitor(tmp_path, **month(2024, 7), **HALF_YEAR, **given)
    assert (july["outcome"], july["champion"]["external"]["version"]) == ("stable", "1")

    _, august = run_monitor(tmp_path, **month(2024, 8), **given)
    told = {found["check"]: found for found in august["findings"]}
    assert "Version 2 of Scorecard 2023 gave" in told["model_version"]["sentence"]
    assert told["model_version"]["verdict"] == "warn"
    assert {august["verdicts"][name] for name in ("concept", "model")} == {"not_enough_data"}
    assert "Version 2 of Scorecard 2023 gives the scores." in told["score_curve"]["sentence"]
    assert (august["champion"]["version"], august["champion_after"]) == (1, 1)

    _, september = run_monitor(tmp_path, **month(2024, 9), **given)
    assert september["champion"]["external"]["version"] == "2"
    assert september["reference"]["start"] == "2024-08-10"
    assert september["verdicts"]["concept"] == "pass"
    entry = read_all(demo, "select * from loanwatch.promotion order by entry")[-1]
    assert "version 2 (the lender's own model; owner: Risk department) scores since 2024-08-10" in entry["why"]
    assert (entry["from_version"], str(entry["effective_from"])) == (1, "2024-09-01")

    _, asked = run_monitor(tmp_path, **month(2024, 8), **given, model_version="1")
    assert asked["champion"]["external"]["version"] == "1"
    assert asked["champion_after"] is not None
    assert asked["verdicts"]["concept"] != "not_run"


@pytest.mark.slow
@pytest.mark.parametrize("is_ours", [False, True], ids=["own scores", "a model of loanwatch's"])
def test_refused_applications_are_applicants_whose_outcome_nobody_waits_for(demo, tmp_path, is_ours):
    """A third is refused by a coin; only the others have an outcome."""
    refused = lambda loans: pd.util.hash_array(loans["loan_id"].to_numpy(object), categorize=False) % 3 == 0  # noqa: E731
    loans = fill_crude_scores(demo, decided=lambda loans: np.where(refused(loans), "refused", "given"))
    with demo.begin() as connection:
        connection.execute(
            text("update loan_details set loan_status = null from loan_score where loan_score.loan_id = "
                 "loan_details.loan_id and decided = 'refused'")
        )  # fmt: skip
    more = {"score": "", "model": "", "more": DECISION} if is_ours else {"more": DECISION}
    contract = write_contract(tmp_path, **more)
    _, july = run_monitor(tmp_path, **month(2024, 7), **HALF_YEAR, policy=QUICK, contract=contract)
    is_july = loans["application_time"].dt.month == 7
    assert july["outcome"] == "stable"
    assert july["window"]["given"] == int((~refused(loans))[is_july].sum())
    told = {found["check"]: found for found in july["findings"]}
    assert (told["ripe_days"]["verdict"], told["undecided"]["verdict"]) == ("pass", "pass")
    for check in ("approval_rate", "score_curve", "auc"):
        assert f"{july['window']['labelled']:,} of {july['window']['applications']:,}" in told[check]["sentence"]
    assert "estimated_auc" not in told
    assert july["reference"]["applications"] > 1.4 * july["reference"]["labelled"]
    _, october = run_monitor(tmp_path, **month(2024, 10), policy=QUICK, contract=contract)
    assert october["verdicts"]["concept"] == "fail"
    assert "compared on loans that were given" in october["reason"]


@pytest.mark.slow
def test_real_applications_give_the_same_figures_by_scores_alone(database, real_data, tmp_path):
    engine = make_engine(database, Patience())
    load_tables(engine, load_contract("loan_applications"), real_data)
    days = {
        "reference_start": date(2015, 4, 16), "reference_end": date(2015, 5, 30),
        "start": date(2015, 10, 28), "end": date(2015, 11, 27),
    }  # fmt: skip
    _, ours = run_monitor(tmp_path, **days, policy=QUICK)
    fill_scores(engine, score_as_champion(engine, 1, Window(date(2015, 4, 16), date(2015, 11, 27))))
    _, theirs = run_monitor(tmp_path, **days, policy=QUICK, contract=write_contract(tmp_path))
    assert list_differences(ours, theirs) == {}
    engine.dispose()
