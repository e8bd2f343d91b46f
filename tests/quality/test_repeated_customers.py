"""Customers that the contract does not name are told by the values that they repeat; nothing else is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tasks.models.customers import hash_keys, report_customers
from tasks.quality.repeated_customers import find_repeated_customers
from tests.support.windows_to_compare import CONTRACT, make_window

COLUMNS = ("income", "cars", "debt", "job")


def draw(rows: int = 3_000, applications: float = 2.0, seed: int = 3) -> tuple[pd.DataFrame, np.ndarray]:
    """Applications, and whose they are: income, debt, cars and job are the customer's."""
    random = np.random.default_rng(seed)
    frame, _ = make_window(rows, seed)
    place = np.repeat(np.arange(rows), random.geometric(1 / applications, rows))[:rows]
    own = frame[list(COLUMNS)].iloc[place].reset_index(drop=True)
    return frame.assign(**{name: own[name] for name in COLUMNS}), place


@pytest.mark.parametrize("applications", [1.3, 2, 4])
def test_repeated_values_tell_the_customers(applications):
    frame, place = draw(applications=applications)
    told_by = find_repeated_customers(CONTRACT, frame)
    assert "income" in told_by
    assert set(told_by) <= set(COLUMNS)
    keys = hash_keys(CONTRACT, frame, told_by)
    is_told = frame[list(told_by)].notna().all(axis=1).to_numpy()
    assert pd.Series(keys[is_told]).groupby(place[is_told]).nunique().max() == 1
    assert len(np.unique(keys[is_told])) == len(np.unique(place[is_told]))


def test_a_rounded_income_alone_tells_nobody():
    """Hundreds of applicants have the same rounded income, and differ in all else."""
    frame, _ = make_window(3_000, 1)
    assert find_repeated_customers(CONTRACT, frame.assign(income=frame["income"].round(-3))) == ()
    assert find_repeated_customers(CONTRACT, frame) == ()


def test_a_rounded_income_with_other_columns_tells_the_customers():
    frame, place = draw()
    frame = frame.assign(income=frame["income"].round(-3))
    keys = hash_keys(CONTRACT, frame, find_repeated_customers(CONTRACT, frame))
    assert len(np.unique(keys)) == pytest.approx(len(np.unique(place)), rel=0.3)


@pytest.mark.parametrize("others", [(), ("job",)])
def test_one_fine_number_tells_the_customers_where_it_is_repeated_and_nothing_follows_from_it(others):
    frame, place = draw()
    fresh, _ = make_window(len(frame), 8)
    frame = frame.assign(**{name: fresh[name] for name in COLUMNS if name not in ("income", *others)})
    frame["income"] = np.random.default_rng(5).integers(10_000, 90_000, len(frame)).astype(float)[place]
    assert find_repeated_customers(CONTRACT, frame) == ("income",)


def test_what_follows_from_a_column_is_no_second_witness():
    """Instalments follow from rounded amounts, as rates and bands do: equal amounts are not one customer's."""
    frame, _ = make_window(4_000, 1)
    random = np.random.default_rng(0)
    amount = np.round(random.lognormal(9, 0.5, 4_000), -2)
    frame = frame.assign(amount=amount, income=amount * 0.031, debt=amount // 5_000, purpose=frame["purpose"])
    assert find_repeated_customers(CONTRACT, frame) == ()


@pytest.mark.parametrize("rows", [1_000, 10_000])
def test_equal_instalments_are_not_one_customers(rows):
    """An instalment follows from amount, rate and term: where it is equal, these are, and all else differs."""
    frame, _ = make_window(rows, 1)
    random = np.random.default_rng(0)
    amount = np.where(
        random.random(rows) < 0.6, random.integers(1, 30, rows) * 1_000.0, random.integers(40, 1_200, rows) * 25.0
    )
    rate = random.choice(np.round(np.linspace(5.3, 24, 30), 2), rows) / 1_200
    term = random.choice([36, 60], rows, p=[0.75, 0.25])
    frame = frame.assign(debt=np.round(amount * rate / (1 - (1 + rate) ** -term), 2), income=rate, cars=term * 1.0)
    assert find_repeated_customers(CONTRACT, frame.assign(amount=amount)) == ()


def test_few_words_together_tell_the_customers_of_a_small_table():
    """No number is fine; the place, the employer and the branch are the customer's, and so is the job."""
    frame, place = draw(700)
    random = np.random.default_rng(1)
    words = {
        name: np.array([f"{name} {number}" for number in random.integers(80, size=700)]) for name in ("a", "b", "c")
    }
    frame = frame.drop(columns=["income", "debt", "amount"])
    frame = frame.assign(**{name: pd.Series(values[place], dtype="category") for name, values in words.items()})
    described = CONTRACT.model_dump(by_alias=True)
    kept = [column for column in described["column"] if column["name"] not in ("income", "debt", "amount")]
    added = [{"name": name, "role": "feature", "type": "category"} for name in words]
    contract = type(CONTRACT).model_validate({**described, "column": [*kept, *added]})
    keys = hash_keys(contract, frame, find_repeated_customers(contract, frame))
    pairs = [
        int((sizes * (sizes - 1)).sum())
        for sizes in (np.unique(keys, return_counts=True)[1], np.unique(place, return_counts=True)[1])
    ]
    assert pairs[0] == pytest.approx(pairs[1], rel=0.4)


def test_a_named_customer_needs_no_search():
    customer = {"name": "who", "role": "customer", "type": "text"}
    described = CONTRACT.model_dump(by_alias=True)
    named = type(CONTRACT).model_validate({**described, "column": [*described["column"], customer]})
    frame, place = draw()
    assert find_repeated_customers(named, frame.assign(who=place.astype(str))) == ()


def test_the_finding_says_by_what_they_are_told_and_what_to_do():
    frame, _ = draw()
    told_by = find_repeated_customers(CONTRACT, frame)
    (finding,) = report_customers(CONTRACT, hash_keys(CONTRACT, frame, told_by), told_by)
    assert "role `customer`" in finding.sentence
    assert finding.columns == told_by
    assert report_customers(CONTRACT, hash_keys(CONTRACT, frame), ()) == []
