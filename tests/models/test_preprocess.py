"""Preprocessing: special values, derived features, encodings, and words never seen."""

import numpy as np
import pandas as pd
import pytest

from tasks.contract.load import load_contract
from tasks.models.features import EncodeFrequency, build_derivation, build_preprocessor
from tasks.models.preprocess import concatenate, prepare, union_rows

CONTRACT = load_contract("loan_applications")


def make(rows: int = 4, **values) -> pd.DataFrame:
    frame = pd.DataFrame(index=range(rows))
    for column in CONTRACT.columns:
        if column.type == "number":
            frame[column.name] = 1.0
        elif column.type == "time":
            frame[column.name] = pd.Timestamp("2024-01-01 10:00")
        elif column.type == "category":
            frame[column.name] = pd.Categorical([(column.categories or ("other",))[0]] * rows)
        else:
            frame[column.name] = [f"{column.name}-{row}" for row in range(rows)]
    for name, value in values.items():
        frame[name] = value
    return frame


def derive(**values) -> pd.DataFrame:
    return build_derivation(CONTRACT).transform(prepare(CONTRACT, make(**values)).applications)


def test_special_values_and_infinities_become_missing():
    features = derive(current_loan_amount=[99999999.0, 5.0, np.inf, np.nan])
    assert features["current_loan_amount"].isna().tolist() == [True, False, True, True]


@pytest.mark.parametrize(
    ("debt", "income", "ratio"),
    [
        (500.0, 60_000.0, 0.1),  # a monthly debt against a yearly income
        (500.0, 0.0, np.nan),  # nothing to divide by
        (np.nan, 60_000.0, np.nan),
        (0.0, 60_000.0, 0.0),
    ],
)
def test_debt_to_income(debt, income, ratio):
    features = derive(monthly_debt=debt, annual_income=income)
    np.testing.assert_allclose(features["debt_to_income"], ratio)


def test_a_loan_to_income_of_a_special_amount_is_missing():
    assert derive(current_loan_amount=99999999.0, annual_income=50_000.0)["loan_to_income"].isna().all()


def test_customer_record_flag():
    record = dict.fromkeys(CONTRACT.column("home_ownership") and CONTRACT.derived[-1].record, np.nan)
    assert derive()["has_customer_record"].eq(1).all()
    assert derive(**record)["has_customer_record"].eq(0).all()
    assert derive(**(record | {"annual_income": 1.0}))["has_customer_record"].eq(1).all()


def test_labels_days_and_keys():
    frame = make(4, customer_id=["a", "a", None, "b"], loan_status=["loan given", "loan refused", None, "what?"])
    prepared = prepare(CONTRACT, frame)
    np.testing.assert_array_equal(prepared.labels, [1, 0, np.nan, np.nan])
    assert prepared.is_labelled.tolist() == [True, True, False, False]
    assert prepared.keys[0] == prepared.keys[1] != prepared.keys[3]
    assert (prepared.days == np.datetime64("2024-01-01")).all()


@pytest.mark.parametrize("scaling", ["standardise", "min_max", "none"])
def test_the_matrix_is_whole_whatever_comes(scaling):
    train = make(
        8, annual_income=[1.0, 2.0, np.nan, 4.0] * 2, purpose=["car", "boat"] * 4, months_since_last_delinquent=np.nan
    )
    pipeline = build_preprocessor(CONTRACT, scaling)
    matrix = pipeline.fit_transform(prepare(CONTRACT, train).applications)
    unseen = make(2, purpose=["rocket", None], home_ownership=["castle", None], years_in_current_job=["ages", None])
    unseen[["annual_income", "credit_score"]] = np.nan
    after = pipeline.transform(prepare(CONTRACT, unseen).applications)
    for whole in (matrix, after):
        assert np.isfinite(np.asarray(whole, dtype=float)).all()
    assert matrix.shape[1] == after.shape[1]


def test_frequency_encoding():
    encoder = EncodeFrequency().fit(pd.DataFrame({"purpose": ["a", "a", "b", None]}))
    coded = encoder.transform(pd.DataFrame({"purpose": ["a", "b", "c", None]}))["purpose"]
    np.testing.assert_allclose(coded, [2 / 3, 1 / 3, 0, 0])


def test_rows_of_two_windows_keep_their_words():
    one, two = make(2, purpose=pd.Categorical(["car", "car"])), make(1, purpose=pd.Categorical(["boat"]))
    whole = union_rows([one, two])
    assert isinstance(whole["purpose"].dtype, pd.CategoricalDtype)
    assert whole["purpose"].tolist() == ["car", "car", "boat"]
    assert len(concatenate([prepare(CONTRACT, one), prepare(CONTRACT, two)])) == 3


@pytest.mark.parametrize("dtype", [object, "category"])
def test_labels_are_those_of_a_plain_comparison(dtype):
    words = ["loan given", "loan refused", None, "withdrawn", "loan given"]
    frame = make(5).assign(loan_status=pd.Series(words, dtype=dtype))
    plain = [{"loan given": 1.0, "loan refused": 0.0}.get(word, np.nan) for word in words]
    np.testing.assert_array_equal(prepare(CONTRACT, frame).labels, plain)
