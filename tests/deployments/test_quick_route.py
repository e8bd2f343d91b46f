"""The quick way from a body to its answer says what FastAPI's way says, whatever the body."""

from __future__ import annotations

import json
import random
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from pydantic_core import from_json

from deployments.api.form import Form, Unread, make_body
from deployments.api.rows import FEW, RowReader, gather_rows
from deployments.api.scoring import Scoring
from deployments.api.serving import Served
from tests.extract.test_one_reader import OTHER
from tests.support.scoring_api import CONTRACT, make_request
from tests.support.small_model import make_applications

# FastAPI reads both as JSON; the quick way takes the first only.
QUICK, USUAL = "application/json; charset=utf-8", "application/x+json"
words = st.sampled_from(["short term", " Long Term", "n/a", "", "3 YEARS", "10+ years", "no such word", "x" * 300])
numbers = st.sampled_from(["$1,234.50", " -3", "1e5", "#VALUE!", "none", "1e999", 99_999_999, 10**400, 2**63, 0.1, -1])
anything = st.one_of(words, numbers, st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4))
names = st.sampled_from([column.name for column in CONTRACT.columns] + ["annual_incom", "other"])
changes = st.dictionaries(names, anything | st.lists(anything, max_size=1), max_size=4)
records = changes.map(lambda changed: make_request() | changed) | st.sampled_from([None, 5, "text", [], {}])


def ask(api, body: Any, kind: str) -> tuple[int, Any]:
    """The status and the answer to a body."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode("utf-8", "surrogatepass")
    answer = api.post("/predict", content=content, headers={"content-type": kind})
    return answer.status_code, answer.json()


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records | st.lists(records, max_size=FEW + 4))
@example([make_request()] * 1_001)
@example(make_request(loan_id=2**70))
@example(make_request(loan_id="x" * 201))
@example([make_request(credit_score=number) for number in (1, 2.5, None, 10**400, 3, 4, 5, 6, 7)])
@example([make_request(credit_score=number) for number in (float("nan"), 2, 3, 4, 5, 6, 7, None)])
@example([make_request(term=word) for word in (1, True, 1.0, "1", "true", None, "1.0", [1])])
def test_both_ways_say_the_same(api, body):
    assert ask(api, body, QUICK) == ask(api, body, USUAL)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"term": "\\ud800"}',
        b'{"term": 1, "term": 2}',
        b"\xef\xbb\xbf{}",
        json.dumps(make_request()).encode("utf-16"),
        json.dumps(make_request(customer_id="\ud800")).encode(),
        json.dumps(make_request(credit_score=700))[:-1].encode() + b', "credit_score": 7000}',
        json.dumps(make_request(customer_id=1)).replace(": 1,", ": 1" + "0" * 4400 + ",").encode(),
        json.dumps([[[[make_request()]]]]).encode(),
    ],
)
def test_both_ways_read_one_json(api, body):
    assert ask(api, body, QUICK) == ask(api, body, USUAL)


def test_a_usual_body_takes_the_quick_way(api, monkeypatch):
    taken: list[Any] = []
    answer = Scoring.answer

    def watch(scoring, rows, *more):
        taken.append(type(rows.columns["credit_score"]))
        return answer(scoring, rows, *more)

    monkeypatch.setattr(Scoring, "answer", watch)
    monkeypatch.setattr("deployments.api.app.gather_rows", lambda *_: pytest.fail("FastAPI's way was taken"))
    applications = make_applications(CONTRACT, 30)[[column.name for column in CONTRACT.features]]
    sent = json.loads(applications.to_json(orient="records"))
    for body in (sent[0], sent, [*sent, {"credit_score": 1}], [make_request(monthly_debt="$1,234.50")]):
        ask(api, body, QUICK)
    assert len(taken) == 4


def test_a_change_that_is_no_number_is_null(api, monkeypatch):
    score = Served.score

    def score_nothing_else(served, values):
        scores = score(served, values)
        scores[1:] = np.nan
        return scores

    monkeypatch.setattr(Served, "score", score_nothing_else)
    status, (said,) = ask(api, make_request(), QUICK)
    assert (status, [said]) == ask(api, make_request(), USUAL)
    assert [reason["change"] for reason in said["reasons"]] == [None] * 3


def draw_number(seed: random.Random) -> str:
    """A number as JSON has it, often with more digits than a double holds."""
    digits = "".join(seed.choice("0123456789") for _ in range(seed.randint(1, 25))).lstrip("0") or "0"
    fraction = (
        "." + "".join(seed.choice("0123456789") for _ in range(seed.randint(1, 25))) if seed.random() < 0.7 else ""
    )
    exponent = f"e{seed.randint(-330, 310)}" if seed.random() < 0.3 else ""
    return seed.choice(["", "-"]) + digits + fraction + exponent


def test_a_number_is_read_to_the_last_bit():
    seed = random.Random(20)
    texts = [draw_number(seed) for _ in range(20_000)]
    texts += [repr(seed.uniform(-1, 1) * 10.0 ** seed.randint(-320, 308)) for _ in range(20_000)]
    read = from_json(f"[{','.join(texts)}]")
    assert list(map(repr, read)) == list(map(repr, json.loads(f"[{','.join(texts)}]")))


@pytest.mark.slow
@pytest.mark.parametrize("contract", [CONTRACT, OTHER])
def test_columns_hold_what_the_form_reads(contract):
    form: TypeAdapter[list[Form | Unread]] = TypeAdapter(make_body(contract))
    seed = random.Random(4)
    odd: list[Any] = ["", "none", "$1,2", "1.234,5", "3.0", "ja", "T", "2.00", True, 0, 1.0, 2, 10**400, [1], {}, None]
    odd += [float("inf"), float("nan"), "x" * 300, "36 Months", "12.30%", "Zu\u0308rich", "rent", " Own Home"]
    for rows in (1, FEW - 1, FEW, 60):
        for _ in range(20):
            rate = seed.choice([0.0, 0.05, 1.0])
            sent = [
                {
                    column.name: seed.choice(odd) if seed.random() < rate else seed.choice([1.0, 2, None])
                    for column in contract.columns
                }
                for _ in range(rows)
            ]
            quick, usual = RowReader(contract).read(sent), gather_rows(contract, form.validate_python(sent))
            assert (quick.ids, list(quick.places), repr(quick.unread)) == (usual.ids, usual.places, repr(usual.unread))
            for name, values in usual.columns.items():
                assert list(pd.Series(quick.columns[name]).dropna()) == list(pd.Series(values).dropna())
                assert pd.Series(quick.columns[name]).isna().tolist() == pd.Series(values).isna().tolist()
