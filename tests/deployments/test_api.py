"""The scoring API over real HTTP: what it says, what it refuses, and that it follows a promotion."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blocks.postgres.connect import Database, Patience, make_engine
from deployments.api.form import make_form
from deployments.api.rows import gather_rows, make_frame
from deployments.api.serving import find_middles
from tasks.contract.load import load_contract
from tasks.core.policy import CutOffPolicy, Kind
from tasks.models.cut_off import find_cut_off
from tasks.models.scoring import score
from tasks.registry.ledger import Return, roll_back
from tasks.schema.migrate import prepare_schema
from tests.support.lender_models import make_imported_bundle
from tests.support.scoring_api import CONTRACT, make_request, serve
from tests.support.second_lender import CONTRACT as SECOND_CONTRACT
from tests.support.small_model import find_bundle, install, make_applications, make_bundle


def test_it_is_alive_and_names_its_model(api):
    assert api.get("/ping").json() == {"status": "ok"}
    model = api.get("/model").json()
    assert model["version"] == 1
    assert model["fitted_on"] == "2024-01-01 to 2024-01-31"
    assert model["card"] == find_bundle().card


def test_one_application_gets_one_answer(api):
    (said,) = api.post("/predict", json=make_request(loan_id="A-1")).raise_for_status().json()
    assert said["id"] == "A-1"
    assert said["model_version"] == 1
    assert 0 <= said["probability"] <= 1
    assert said["decision"] == ("loan given" if said["probability"] >= 0.5 else "loan refused")
    assert len({reason["column"] for reason in said["reasons"]}) == 3


def test_the_cut_off_parts_the_decisions_and_is_told(api):
    policy = CutOffPolicy(approval_rate=0.25)
    expected = find_cut_off(CONTRACT, policy, find_bundle())
    sent = [make_request(current_loan_amount=amount) for amount in range(100, 2_000, 100)]
    with serve(database=Database("environment"), contract=CONTRACT, policy=policy) as client:
        said = client.post("/predict", json=sent).raise_for_status().json()
        assert client.get("/model").json()["cut_off"] == expected.as_record()
    assert {entry["decision"] for entry in said} == {"loan given", "loan refused"}
    for entry in said:
        assert entry["threshold"] == expected.threshold
        assert (entry["decision"] == "loan given") == (entry["probability"] >= expected.threshold)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["skops", "joblib", "onnx"])
def test_a_model_of_the_lenders_own_is_served_with_reasons(form, make_database, monkeypatch, tmp_path):
    pytest.importorskip("skops", reason="the extra skops is not installed")
    pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
    url = make_database()
    monkeypatch.setenv("LOANWATCH_DATABASE_URL", url.render_as_string(hide_password=False))
    engine, bundle = make_engine(url, Patience()), make_imported_bundle(CONTRACT, form)
    prepare_schema(engine)
    with engine.begin() as connection:
        install(connection, CONTRACT, tmp_path, bundle)
    engine.dispose()
    usual = {"current_loan_amount": 600, "monthly_debt": 600}  # as in the made-up applications
    sent = [make_request(annual_income=amount, **usual) for amount in (400, 700, None)]
    sent.append(make_request(term=None, home_ownership=None, credit_score=None, **usual))
    with serve(database=Database("environment"), contract=CONTRACT) as client:
        said = client.post("/predict", json=sent).raise_for_status().json()
        assert client.get("/model").json()["card"] == bundle.card
    frame = make_frame(CONTRACT, gather_rows(CONTRACT, [make_form(CONTRACT)(**one) for one in sent]).columns)
    np.testing.assert_allclose([one["probability"] for one in said], bundle.scorer.score(frame), rtol=1e-6)
    assert len({one["probability"] for one in said}) == 4
    assert {reason["column"] for reason in said[0]["reasons"]} <= set(bundle.scorer.passport.columns)
    assert max(abs(reason["change"]) for reason in said[0]["reasons"]) > 0


def test_many_applications_are_scored_as_a_batch_scores_them(api):
    applications = make_applications(CONTRACT, 40, seed=5)
    features = applications[[column.name for column in CONTRACT.features]].astype(object)
    sent = features.to_dict("records")
    said = api.post("/predict", json=sent).raise_for_status().json()
    expected = score(find_bundle().scorer, applications)
    np.testing.assert_allclose([entry["probability"] for entry in said], expected, rtol=1e-12)


def test_raw_spellings_mean_what_extraction_makes_of_them(api):
    spelt = [
        make_request(),
        make_request(term=" short term ", home_ownership="home mortgage", monthly_debt=1234.5),
        make_request(purpose=" ", tax_liens="", annual_income=None),
    ]
    probabilities = {entry["probability"] for entry in api.post("/predict", json=spelt).json()}
    assert len(probabilities) == 1


def test_reasons_are_the_changes_that_the_models_own_scores_show(api):
    (said,) = api.post("/predict", json=make_request(current_loan_amount=100)).json()
    middles = find_middles(find_bundle().profile)
    for reason in said["reasons"]:
        changed = make_request(current_loan_amount=100) | {reason["column"]: middles[reason["column"]]}
        (then,) = api.post("/predict", json=changed).raise_for_status().json()
        assert then["probability"] - said["probability"] == pytest.approx(reason["change"], abs=1e-9)
    sizes = [abs(reason["change"]) for reason in said["reasons"]]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 0


@pytest.mark.parametrize(
    ("changes", "where", "what"),
    [
        ({"term": ["short term"]}, "term", "must be a text or null"),
        ({"credit_score": "many"}, "credit_score", "must be a number"),
        ({"annual_income": True}, "annual_income", "must be a number"),
        ({"annual_income": [1]}, "annual_income", "must be a number"),
        ({"max_open_credit": "#VALUE!"}, "max_open_credit", "must be a number"),
        ({"annual_income": "left out"}, "annual_income", "is missing; send null"),
        ({"anual_income": 5}, "anual_income", "not a column of the contract; is annual_income meant?"),
        ({"shoe_size": 5}, "shoe_size", "not a column of the contract; check the spelling"),
    ],
)
def test_a_bad_column_is_named_with_what_should_stand_there(api, changes, where, what):
    answer = api.post("/predict", json=make_request(**changes))
    assert answer.status_code == 422
    (mistake,) = answer.json()["detail"]
    assert mistake["where"] == where
    assert what in mistake["what"]
    # In a list the same is told by row.
    scored, refused = api.post("/predict", json=[make_request(), make_request(**changes)]).raise_for_status().json()
    assert "probability" in scored
    assert refused["errors"] == [{"column": where, "what": mistake["what"]}]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"5",
        b'"text"',
        b"[]",
        b"\xff\xfe",
        b"{'single': 1}",
        b"[" * 100_000,
        b'{"credit_score": NaN}',
        b'{"annual_income": ' + b"9" * 400 + b"}",
        b'{"annual_income": ' + b"9" * 5000 + b"}",
        b'{"annual_income": 1e999}',
        b'{"\\ud800": 1}',
        b'{"purpose": "\\ud800"}',
        b'{"term": "\\u0000"}',
    ],
)
@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/x-www-form-urlencoded"])
def test_what_is_no_application_is_refused_politely(api, body, kind):
    answer = api.post("/predict", content=body, headers={"content-type": kind})
    assert answer.status_code == 422
    assert answer.json()["detail"]


def test_a_body_of_twenty_megabytes_is_refused(api):
    answer = api.post("/predict", content=b" " * 20_000_000, headers={"content-type": "application/json"})
    assert answer.status_code == 413
    assert "fewer applications" in answer.json()["detail"]

    def chunks():
        for _ in range(200):
            yield b" " * 100_000

    assert api.post("/predict", content=chunks()).status_code == 413
    assert api.get("/ping").status_code == 200


def test_too_many_applications_are_refused(api):
    small = dict.fromkeys((column.name for column in CONTRACT.features), None)
    answer = api.post("/predict", json=[small] * 1001)
    assert answer.status_code == 422
    assert "1000" in str(answer.json())


def test_other_methods_and_paths_are_told(api):
    assert api.get("/predict").status_code == 405
    assert api.get("/nothing").status_code == 404


def test_the_description_lists_the_contracts_columns(api):
    described = api.get("/openapi.json").json()
    form = described["components"]["schemas"]["Application"]
    names = {column.name for column in CONTRACT.features}
    assert set(form["properties"]) == {column.name for column in CONTRACT.columns}
    assert set(form["required"]) == names
    assert "ignored" in form["properties"]["customer_id"]["description"]
    assert "from 300 to 850" in form["properties"]["credit_score"]["description"]
    assert form["additionalProperties"] is False
    assert "short term" in str(form["properties"]["term"])


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=3)
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from([column.name for column in CONTRACT.columns] + ["other"]), values))
def test_no_body_is_answered_by_an_error_of_the_server(api, changes):
    import json

    body = json.dumps(make_request() | changes).encode("utf-8", "surrogatepass")
    answer = api.post("/predict", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (200, 422)  # scored or refused, as the drawn body may be
    answer.json()


@pytest.mark.slow
def test_it_follows_a_promotion_and_survives_a_damaged_bundle(engine, tmp_path):
    prepare_schema(engine)
    with engine.begin() as connection:
        first = install(connection, CONTRACT, tmp_path / "models", find_bundle())
    with serve(database=Database("environment"), contract=CONTRACT, patience=0) as client:
        before = client.post("/predict", json=make_request()).json()[0]
        with engine.begin() as connection:
            second = install(
                connection, CONTRACT, tmp_path / "models", find_bundle(1, Kind.RANDOM_FOREST), (first, date(2024, 3, 1))
            )
        after = client.post("/predict", json=make_request()).json()[0]
        assert (before["model_version"], after["model_version"]) == (first, second)
        assert before["probability"] != after["probability"]
        with engine.begin() as connection:
            roll_back(connection, CONTRACT.name, "test", Return(None, date(2024, 4, 1)))
        assert client.post("/predict", json=make_request()).json()[0] == before
        with engine.begin() as connection:
            install(
                connection, CONTRACT, tmp_path / "models", find_bundle(1, Kind.RANDOM_FOREST), (first, date(2024, 5, 1))
            )
        (tmp_path / "models" / f"model-{first}-2024-05-01" / "model.joblib").write_bytes(b"damaged")
        assert client.post("/predict", json=make_request()).json()[0] == before


def test_without_a_model_it_says_so(engine):
    prepare_schema(engine)
    with serve(database=Database("environment"), contract=CONTRACT) as client:
        for answer in (client.get("/ping"), client.get("/model"), client.post("/predict", json=make_request())):
            assert answer.status_code == 503
            assert "flows.train" in answer.json()["detail"]


def test_another_lenders_form_is_that_of_its_contract(engine, tmp_path):
    contract = load_contract(SECOND_CONTRACT)
    prepare_schema(engine)
    with engine.begin() as connection:
        install(connection, contract, Path(tmp_path), make_bundle(contract))
    empty = dict.fromkeys(column.name for column in contract.features)
    with serve(database=Database("environment"), contract=contract) as client:
        (said,) = client.post("/predict", json=empty).raise_for_status().json()
        assert said["decision"] in contract.target.allowed
        protected = {"age_band": "young"}
        assert client.post("/predict", json=empty | protected).json() == [said]
