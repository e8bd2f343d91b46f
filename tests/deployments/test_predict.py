"""Predictions: the same rows get the same answer as in the batch, and a bad row refuses no other."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from blocks.postgres.connect import Database
from deployments.api.limits import make_example
from deployments.api.serving import Served
from tasks.contract.load import load_contract
from tasks.core.policy import MonitorPolicy
from tasks.core.windows import Window
from tasks.extract.extract import extract_window
from tasks.job.job import Job
from tasks.models.score_batch import load_champion, score_applications
from tasks.schema.migrate import prepare_schema
from tasks.source_tables.load import load_tables
from tests.support.scoring_api import CONTRACT, make_request, serve
from tests.support.second_lender import CONTRACT as SECOND_CONTRACT
from tests.support.small_model import find_bundle, install, make_bundle

OFTEN = 1_000


def score_both_ways(engine, window: Window):
    """The batch's predictions and the API's answers, by application; the API gets the records as they are read."""
    job = Job("job", "score", CONTRACT, Database("environment"), window, MonitorPolicy(), Path(), "", datetime.now(UTC))
    score_applications.fn(job, load_champion.fn(job))
    with engine.connect() as connection:
        rows = connection.execute(text("select loan_id, probability, decision from loanwatch.prediction")).all()
    read = extract_window(engine, CONTRACT, window).applications
    records = json.loads(read.to_json(orient="records", double_precision=15, date_format="iso"))
    answers = []
    with serve(database=Database("environment"), contract=CONTRACT) as client:
        for start in range(0, len(records), OFTEN):
            answers += client.post("/predict", json=records[start : start + OFTEN]).raise_for_status().json()
    return {row.loan_id: (row.probability, row.decision) for row in rows}, answers


def test_records_are_answered_to_the_last_bit_as_the_batch_scores_them(demo, tmp_path):
    prepare_schema(demo)
    with demo.begin() as connection:
        install(connection, CONTRACT, tmp_path, find_bundle())
        connection.execute(
            text("update credit_details set credit_score = credit_score::float * 10 where random() < 0.1")
        )
        connection.execute(text("update loan_details set term = 'Medium Term' where random() < 0.1"))
    batch, answers = score_both_ways(demo, Window(date(2024, 7, 1), date(2024, 7, 31)))
    assert {said["id"]: (said["probability"], said["decision"]) for said in answers} == batch
    warned = {warning["column"] for said in answers for warning in said["warnings"]}
    assert warned == {"credit_score", "term"}


@pytest.mark.slow
def test_real_applications_are_answered_to_the_last_bit_as_the_batch_scores_them(engine, real_data, tmp_path):
    load_tables(engine, CONTRACT, real_data)
    prepare_schema(engine)
    with engine.begin() as connection:
        install(connection, CONTRACT, tmp_path, find_bundle())
    batch, answers = score_both_ways(engine, Window(date(2015, 4, 16), date(2015, 11, 27)))
    assert len(batch) > 10_000
    assert {said["id"]: (said["probability"], said["decision"]) for said in answers} == batch
    warned = [warning for said in answers for warning in said["warnings"]]
    assert {(warning["column"], warning["what"]) for warning in warned} == {
        ("credit_score", "is above the contract's maximum of 850")
    }
    assert 0.03 < len(warned) / len(answers) < 0.06


@pytest.mark.parametrize(
    ("changes", "column", "what"),
    [
        ({"credit_score": 7000}, "credit_score", "is above the contract's maximum of 850"),
        ({"annual_income": -1}, "annual_income", "is below the contract's minimum of 0"),
        ({"term": "medium term"}, "term", "is none of the contract's words: short term, long term"),
        ({"term": 5}, "term", "is none of the contract's words"),
    ],
)
def test_a_value_outside_the_contracts_limits_is_scored_with_a_warning(api, changes, column, what):
    (said,) = api.post("/predict", json=make_request(**changes)).raise_for_status().json()
    (warning,) = said["warnings"]
    assert warning["column"] == column
    assert warning["what"].startswith(what)
    assert 0 <= said["probability"] <= 1


def test_a_special_value_and_what_is_usual_get_no_warning(api):
    sent = [make_request(), make_request(current_loan_amount=99_999_999), make_request(purpose="x" * 1000)]
    assert [said["warnings"] for said in api.post("/predict", json=sent).raise_for_status().json()] == [[], [], []]


def test_a_bad_row_is_answered_in_its_place_and_the_others_are_scored(api):
    sent = [make_request(loan_id=f"A-{number}") for number in range(1000)]
    sent[7] = make_request(loan_id="A-7", annual_income="left out", credit_score="many", anual_income=5)
    sent[8] = "no application"
    sent[9] = make_request(loan_id=["A-9"])
    said = api.post("/predict", json=sent).raise_for_status().json()
    assert [answer["id"] for answer in said] == [
        f"A-{number}" if number not in (8, 9) else None for number in range(1000)
    ]
    assert said[7] == {
        "id": "A-7",
        "errors": [
            {"column": "annual_income", "what": "is missing; send null if the value is unknown"},
            {"column": "credit_score", "what": "must be a number or null"},
            {"column": "anual_income", "what": "is not a column of the contract; is annual_income meant?"},
        ],
    }
    (wrong,) = said[8]["errors"]
    assert wrong["column"] is None
    assert "send an object" in wrong["what"]
    assert said[9]["errors"] == [{"column": "loan_id", "what": "must be a text, a whole number or null"}]
    assert [number for number, answer in enumerate(said) if "errors" in answer] == [7, 8, 9]
    (alone,) = api.post("/predict", json=sent[0]).json()
    assert said[0] == alone


def test_what_the_model_gives_no_number_is_told_by_row_and_refused_alone(place, monkeypatch):
    score = Served.score

    def score_every_other(served, values):
        scores = score(served, values)
        scores[:, np.arange(scores.shape[1]) % 2 == (scores.shape[1] > 1)] = np.nan
        return scores

    monkeypatch.setattr(Served, "score", score_every_other)
    monkeypatch.setenv("LOANWATCH_DATABASE_URL", place.render_as_string(hide_password=False))
    with serve(database=Database("environment"), contract=CONTRACT) as client:
        said = client.post("/predict", json=[make_request(loan_id=name) for name in "ab"]).raise_for_status().json()
        assert "probability" in said[0]
        assert said[1]["id"] == "b"
        assert "no probability" in said[1]["errors"][0]["what"]
        alone = client.post("/predict", json=make_request())
        assert (alone.status_code, alone.json()["mistakes"]) == (422, 1)
        assert "no probability" in alone.json()["detail"][0]["what"]


@pytest.mark.parametrize("contract", ["loan_applications", SECOND_CONTRACT])
def test_a_whole_record_is_taken_and_only_its_features_count(contract, engine, tmp_path):
    contract = load_contract(contract)
    prepare_schema(engine)
    with engine.begin() as connection:
        install(connection, contract, tmp_path, make_bundle(contract))
    others = [column.name for column in contract.columns if column not in contract.features]
    bare = make_example(contract)
    whole = bare | {name: f"any {name}" for name in others} | {contract.id.name: "A-7"}
    with serve(database=Database("environment"), contract=contract) as client:
        said = client.post("/predict", json=[bare, whole, whole | {contract.time.name: {"at": [1]}}]).json()
        misspelt = client.post("/predict", json=whole | {f"{others[1]}s": "1"})
    assert [answer["id"] for answer in said] == [bare[contract.id.name], "A-7", "A-7"]
    assert len({answer["probability"] for answer in said}) == 1
    assert misspelt.status_code == 422
    (mistake,) = misspelt.json()["detail"]
    assert (mistake["where"], mistake["what"]) == (
        f"{others[1]}s", f"is not a column of the contract; is {others[1]} meant?",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["A-1", 7, None])
def test_the_id_is_given_back_as_it_came(api, name):
    (said,) = api.post("/predict", json=make_request(loan_id=name)).raise_for_status().json()
    assert said["id"] == name


def test_the_longest_list_of_whole_records_always_fits(api):
    record = {column.name: "1" * 200 for column in CONTRACT.columns}
    record |= {column.name: "x" * 200 for column in CONTRACT.features if column.type == "category"}
    body = json.dumps([record] * OFTEN, indent=4)
    assert len(body) > 4_000_000
    said = api.post("/predict", content=body, headers={"content-type": "application/json"}).raise_for_status().json()
    assert len(said) == OFTEN
