"""Leaks: found where they are planted, named with their rows, and never found where there are none."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
import scipy
from sqlalchemy import Engine

from blocks.postgres.copy import copy_file
from tasks.contract.load import load_contract
from tasks.core.policy import QualityPolicy
from tasks.core.scored_window import ScoredWindow
from tasks.core.windows import Window
from tasks.extract.extract import extract_window
from tasks.models.preprocess import prepare
from tasks.quality.leak_ends import find_midst
from tasks.quality.leak_search import measure_leaks, suspect_rows
from tasks.quality.leak_signs import compare_agreement
from tasks.quality.leakage import measure_auc_without_leaks, measure_both, measure_column_auc, measure_leakage
from tasks.source_tables.load import read_header
from tasks.source_tables.tables import create_tables
from tests.support.quality_frames import CONTRACT, make_frame, pick

POLICY = QualityPolicy()


def label(frame: pd.DataFrame) -> np.ndarray:
    return prepare(CONTRACT, frame).labels


def find(frame: pd.DataFrame, policy: QualityPolicy = POLICY) -> list[tuple[str, str, bool]]:
    leaks = measure_leaks(CONTRACT, frame, label(frame), policy)
    return [(leak.sign.column, leak.sign.kind, leak.is_positive) for leak in leaks]


def choose(frame: pd.DataFrame, answer: str, count: int) -> np.ndarray:
    """Positions of the first rows with an answer."""
    return np.flatnonzero(frame["answer"] == answer)[:count]


def leak_missing(frame: pd.DataFrame) -> None:
    frame.loc[choose(frame, "yes", 100), "debt"] = np.nan


def leak_missing_category(frame: pd.DataFrame) -> None:
    frame.loc[choose(frame, "no", 100), "home"] = None


def leak_special(frame: pd.DataFrame) -> None:
    frame.loc[choose(frame, "yes", 80), "amount"] = 99999.0


def leak_word(frame: pd.DataFrame) -> None:
    frame["purpose"] = frame["purpose"].cat.add_categories("staff")
    frame.loc[choose(frame, "yes", 120), "purpose"] = "staff"


def leak_above(frame: pd.DataFrame) -> None:
    frame.loc[choose(frame, "no", 50), "score"] *= 10


def leak_below(frame: pd.DataFrame) -> None:
    frame.loc[choose(frame, "no", 50), "debt"] -= 5_000


def leak_value(frame: pd.DataFrame) -> None:
    frame.loc[choose(frame, "no", 60), "score"] = 700.5


PLANTED = [
    # plant, what is found: the sign's column and kind, and whether the rows are positive   # why the case is there
    (leak_missing, ("debt", "missing", True)),  # a column that is deleted once the loan is given
    (leak_missing_category, ("home", "missing", False)),  # words are missing as numbers are
    (leak_special, ("amount", "value", True)),  # a sentinel that is written with the decision
    (leak_word, ("purpose", "value", True)),  # a word that is chosen with the decision
    (leak_above, ("score", "at_least", False)),  # a unit that depends on the decision (scores times ten)
    (leak_below, ("debt", "at_most", False)),  # the same at the other end
    (leak_value, ("score", "value", False)),  # one value in the midst of the others
]


@pytest.mark.parametrize(("plant", "expected"), PLANTED, ids=lambda case: getattr(case, "__name__", ""))
def test_planted_leak_is_found_and_no_other(plant, expected):
    frame = make_frame()
    plant(frame)
    assert find(frame) == [expected]


def spread_noise(frame: pd.DataFrame) -> None:
    """Nothing is planted."""


def make_small_group(frame: pd.DataFrame) -> None:
    frame.loc[choose(frame, "yes", 9), "debt"] = np.nan


def make_lucky_group(frame: pd.DataFrame) -> None:
    frame.loc[choose(frame, "yes", 15), "debt"] = np.nan


def make_mixed_group(frame: pd.DataFrame) -> None:
    frame.loc[choose(frame, "yes", 95), "debt"] = np.nan
    frame.loc[choose(frame, "no", 5), "debt"] = np.nan


def rank_smoothly(frame: pd.DataFrame) -> None:
    chance = 1 / (1 + np.exp(-8 * (frame["debt"] - 1000) / 200))
    given = np.random.default_rng(1).random(len(frame)) < chance
    frame["answer"] = pd.Categorical(np.where(given, "yes", "no"), categories=["no", "yes"])


def hide_labels(frame: pd.DataFrame) -> None:
    leak_missing(frame)
    frame.loc[frame.index[150:], "answer"] = None


def give_all(frame: pd.DataFrame) -> None:
    frame["answer"] = pd.Categorical(["yes"] * len(frame), categories=["no", "yes"])


def give_nearly_all(frame: pd.DataFrame) -> None:
    frame["answer"] = pd.Categorical(["yes"] * len(frame), categories=["no", "yes"])
    frame.loc[frame.index[:20], "answer"] = "no"
    frame.loc[frame.index[500:], "debt"] = np.nan


INNOCENT = [
    spread_noise,
    make_small_group,  # 9 of 1,000 rows: below the floor of 1 %
    make_lucky_group,  # 15 yes in a row where 70 % are yes: chance does that among so many limits
    make_mixed_group,  # 95 % of one label: a strong column is no leak
    rank_smoothly,  # the best column that there can be: its ends are pure, but so are their neighbours, nearly
    hide_labels,  # 150 decisions are too few to say so
    give_all,  # one decision only: every group is pure
    give_nearly_all,  # 98 % yes: a pure half says next to nothing
]


@pytest.mark.parametrize("change", INNOCENT, ids=lambda change: change.__name__)
def test_no_leak_is_found_where_none_is(change):
    frame = make_frame()
    change(frame)
    assert find(frame) == []


@pytest.mark.slow
def test_no_leak_is_found_among_random_labels():
    """The error budget of a search is 1 %; at most 6 of 200 windows without a leak may name one (99.9 % sure)."""
    frame = make_frame(600)
    frame.loc[frame.index[:200], ["debt", "home"]] = None
    rng = np.random.default_rng(3)
    alarms = sum(bool(measure_leaks(CONTRACT, frame, rng.permutation(label(frame)), POLICY)) for _ in range(200))
    assert alarms <= 6


def draw_plain_rule(seed: int, rows: int) -> tuple[pd.DataFrame, np.ndarray]:
    """A lender whose decisions follow a plain logistic rule of all columns: skewed, rounded and normal numbers."""
    rng = np.random.default_rng(seed)
    frame, linear = make_frame(rows), np.zeros(rows)
    for name, shape in zip(("amount", "score", "debt"), rng.permutation(3), strict=True):
        normal = rng.normal(size=rows)
        frame[name] = (normal, np.exp(0.7 * normal), np.round(np.exp(0.5 * normal) * 100, -1))[shape]
        linear += 1.5 * rng.normal() * scipy.stats.zscore(frame[name])
    return frame, (rng.random(rows) < scipy.special.expit(linear)).astype(float)


@pytest.mark.slow
@pytest.mark.parametrize("rows", [1_500, 3_000])
def test_a_plain_rule_is_no_leak(rows):
    """It was suspected in 19 and 9 of these 40 windows while the rows next to a limit were chosen to disagree."""
    suspected = [measure_leaks(CONTRACT, *draw_plain_rule(seed, rows), POLICY) for seed in range(40)]
    assert sum(map(bool, suspected)) <= 1


@pytest.mark.parametrize("write", [lambda values: values * 10, lambda values: 0 * values + 99_999_999])
@pytest.mark.parametrize("label", [0.0, 1.0])
def test_a_leak_beside_a_plain_rule_is_found_whichever_way_the_rule_goes(write, label):
    """Numbers that lie far from all others belong to no smooth rule, so that a strong column cannot hide them."""
    for seed in range(10):
        frame, labels = draw_plain_rule(seed, 3_000)
        frame["score"] = 700 + 50 * scipy.stats.zscore(frame["score"]).clip(-3, 3)
        rows = np.flatnonzero(labels == label)[:90]
        frame.loc[rows, "score"] = write(frame.loc[rows, "score"])
        (leak,) = measure_leaks(CONTRACT, frame, labels, POLICY)
        assert leak.columns == ("score",)


def draw_zeros(seed: int, rows: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Half of the rows have no debt, the others' are widely scattered; the rule is logistic in its amount."""
    rng = np.random.default_rng(seed)
    frame = make_frame(rows)
    frame["debt"] = np.where(rng.random(rows) < 0.7, 0.0, np.exp(2.5 + 1.5 * rng.normal(size=rows)))
    chance = scipy.special.expit(0.2 + 0.1 * frame["debt"].to_numpy())
    return frame, (rng.random(rows) < chance).astype(float)


def test_a_column_that_is_mostly_zero_is_no_leak_where_its_large_numbers_decide():
    """Its quartiles are both 0, so that nearly every number of the others once lay far from all of them."""
    suspected = [measure_leaks(CONTRACT, *draw_zeros(seed, 3_000), POLICY) for seed in range(20)]
    assert sum(map(bool, suspected)) <= 1


def test_numbers_in_another_unit_are_found_in_a_column_that_is_mostly_zero():
    for seed in range(10):
        frame, labels = draw_zeros(seed, 3_000)
        rows = np.flatnonzero((labels == 0.0) & (frame["debt"] > 0))[:90]
        frame.loc[rows, "debt"] = 1e6 + frame.loc[rows, "debt"]
        assert [leak.columns for leak in measure_leaks(CONTRACT, frame, labels, POLICY)] == [("debt",)]


def draw_heavy_tail(seed: int, rows: int = 3_000) -> tuple[pd.DataFrame, np.ndarray, np.random.Generator]:
    """A debt to the cent, so widely scattered that a hundred times a usual one is no outlier; the rule is logistic."""
    rng = np.random.default_rng(seed)
    frame, normal = make_frame(rows), rng.normal(size=rows)
    frame["debt"] = np.round(2_000 * np.exp(1.7 * normal), 2)
    return frame, (rng.random(rows) < scipy.special.expit(0.4 * normal)).astype(float), rng


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_cents_for_one_outcome_are_found_where_a_heavy_tail_hides_them(label):
    found = []
    for seed in range(10):
        frame, labels, rng = draw_heavy_tail(seed)
        frame.loc[(labels == label) & (rng.random(len(frame)) < 0.15), "debt"] *= 100
        frame["debt"] = frame["debt"].round(2)
        found += measure_leaks(CONTRACT, frame, labels, POLICY)
    assert 9 <= len(found) <= 10
    assert {(leak.columns, leak.is_positive) for leak in found} == {(("debt",), label == 1)}


def test_a_multiple_is_told_by_its_unit():
    frame, labels, rng = draw_heavy_tail(1)
    frame.loc[(labels == 0) & (rng.random(len(frame)) < 0.15), "debt"] *= 100
    frame["debt"] = frame["debt"].round(2)
    finding = pick(measure_leakage(CONTRACT, frame, labels, POLICY), "leak")
    assert "with debt a multiple of 1:" in finding.sentence


def test_round_numbers_of_both_outcomes_are_no_leak():
    """Large debts are rounded, and mostly refused: by the rule, and not because they are round."""
    for seed in range(20):
        frame, labels, _ = draw_heavy_tail(seed)
        frame["debt"] = frame["debt"].where(frame["debt"] < 10_000, frame["debt"].round(-2))
        assert measure_leaks(CONTRACT, frame, labels, POLICY) == []


@pytest.mark.parametrize("known", [True, False])
def test_a_number_that_stands_for_something_else_hides_no_leak_beside_it(known):
    """Of known numbers the contract says it; an unknown one is a spike."""
    filler = 99_999.0 if known else 888_888.0
    assert (filler in CONTRACT.column("amount").special) == known
    frame = make_frame()
    rows = choose(frame, "no", 60)
    frame.loc[rows, "amount"] = filler - 100 + np.arange(60)
    frame.loc[frame.index[500:600], "amount"] = filler
    found = find(frame)
    assert found == [("amount", "at_least", False)]


def test_gaps_in_a_heavy_tail_are_no_other_unit():
    """The largest of such numbers lie many times the quartiles' distance apart, and a steep rule makes them agree."""
    for seed in range(40):
        numbers = np.exp(1.8 * np.random.default_rng(seed).normal(size=700))
        lowest, highest = find_midst(numbers)
        assert lowest == numbers.min()
        assert np.sum(numbers > highest) <= 1
    assert find_midst(np.append(numbers, 1e6 + np.arange(20.0)))[1] == pytest.approx(highest, rel=5)


def test_a_rare_word_that_is_merely_predictive_is_no_leak():
    """Twelve of twelve where 45 % are usual: three times the odds make that one chance in forty, among many words."""
    frame = make_frame()
    frame["purpose"] = frame["purpose"].cat.add_categories("rare")
    labels = (np.random.default_rng(1).random(len(frame)) < 0.45).astype(float)
    frame.loc[np.flatnonzero(labels == 1)[:12], "purpose"] = "rare"
    assert measure_leaks(CONTRACT, frame, labels, POLICY) == []
    assert compare_agreement(12, 12, 450, 1_000) > 1e-3
    assert compare_agreement(120, 120, 450, 1_000) < 1e-12


def test_columns_that_mark_the_same_rows_are_one_leak():
    frame = make_frame()
    rows = choose(frame, "yes", 200)
    frame.loc[rows, ["debt", "home"]] = None
    frame.loc[rows[:195], "score"] = np.nan
    (leak,) = measure_leaks(CONTRACT, frame, label(frame), POLICY)
    assert leak.columns == ("score", "debt", "home")
    assert (leak.rows, leak.agreement) == (200, 1.0)


def test_a_leak_inside_another_is_told_only_for_rows_of_its_own():
    frame = make_frame()
    rows = choose(frame, "yes", 300)
    frame.loc[rows[:200], "debt"] = np.nan
    frame.loc[rows[:150], "home"] = None  # all of it inside: nothing of its own
    frame.loc[rows[150:], "amount"] = 99999.0  # 50 rows inside, 100 of its own
    assert find(frame) == [("debt", "missing", True), ("amount", "value", True)]


def test_the_limit_of_a_range_is_the_first_of_its_own_rows():
    frame = make_frame()
    rows = choose(frame, "no", 50)
    frame.loc[rows, "score"] = np.arange(5_000.0, 5_050)
    (leak,) = measure_leaks(CONTRACT, frame, label(frame), POLICY)
    assert leak.sign.value == 5_000
    assert (suspect_rows([leak], frame) == frame.index.isin(rows)).all()


def test_a_leak_warns_and_stops_only_where_the_policy_says_so():
    frame = make_frame()
    leak_special(frame)
    finding = pick(measure_leakage(CONTRACT, frame, label(frame), POLICY), "leak")
    assert (str(finding.verdict), finding.subject, finding.effect) == ("warn", "amount", 0.08)
    assert len(finding.rows) == 5
    assert "80 (8.0%)" in finding.sentence
    assert "'yes'" in finding.sentence
    strict = QualityPolicy(stop_on_leak=True)
    assert str(pick(measure_leakage(CONTRACT, frame, label(frame), strict), "leak").verdict) == "fail"


def test_auc_with_and_without_the_suspected_rows():
    frame = make_frame()
    rows = choose(frame, "yes", 300)
    frame.loc[rows, "debt"] = np.nan
    labels, rng = label(frame), np.random.default_rng(5)
    scores = np.where(frame["debt"].isna(), 1.0, rng.random(len(frame)))  # the model lives on the leak alone
    findings = measure_auc_without_leaks(
        ScoredWindow(frame, labels, scores), measure_leaks(CONTRACT, frame, labels, POLICY)
    )
    (finding,) = findings
    whole, rest = measure_both(labels, scores, suspect_rows(measure_leaks(CONTRACT, frame, labels, POLICY), frame))
    assert (finding.reference, finding.current) == (whole.value, rest.value)
    assert finding.reference > 0.65
    assert finding.current == pytest.approx(0.5, abs=0.06)
    assert finding.columns == ("debt",)


def test_without_a_leak_or_without_two_decisions_no_auc_is_told():
    frame = make_frame()
    assert (
        measure_auc_without_leaks(
            ScoredWindow(frame, label(frame), np.zeros(len(frame))),
            measure_leaks(CONTRACT, frame, label(frame), POLICY),
        )
        == []
    )
    frame["debt"] = np.where(frame["answer"] == "yes", np.nan, frame["debt"])
    left = measure_auc_without_leaks(
        ScoredWindow(frame, label(frame), np.zeros(len(frame))), measure_leaks(CONTRACT, frame, label(frame), POLICY)
    )
    assert left == []


def test_a_column_that_is_the_answer_is_suspicious():
    frame = make_frame()
    frame["debt"] = np.where(frame["answer"] == "yes", 1.0, 2.0) + np.random.default_rng(0).normal(0, 0.1, len(frame))
    finding = pick(measure_leakage(CONTRACT, frame, label(frame), POLICY), "suspicious_auc")
    assert finding.subject == "debt"
    assert finding.effect > 0.99


def test_a_column_of_many_words_does_not_rank_by_having_seen_the_row():
    frame = make_frame()
    column = CONTRACT.column("purpose")
    words = pd.Series(pd.Categorical([f"word {number}" for number in range(len(frame))]))
    assert measure_column_auc(column, words, label(frame)).value == pytest.approx(0.5, abs=0.05)  # nothing is learnt


LEAKS_OF_REAL_DATA = [
    # window, rows that bear each leak
    (
        Window(date(2015, 4, 1), date(2015, 5, 31)),
        {"home_ownership": 2468, "current_loan_amount": 821, "credit_score": 324},
    ),
    (
        Window(date(2015, 10, 1), date(2015, 12, 31)),
        {"home_ownership": 1592, "current_loan_amount": 488, "credit_score": 222},
    ),
]


@pytest.mark.slow
def test_known_leaks_of_real_applications(engine: Engine, real_data):
    """No customer record, an amount that is not stated, and credit scores times ten: half of the rows bear one."""
    contract = load_contract("loan_applications")
    with engine.begin() as connection:
        create_tables(connection, contract.sources)
        for source in contract.sources:
            with (real_data / f"{source.table}.csv").open("rb") as lines:
                copy_file(connection, source.table, read_header(real_data, source), lines)
    for window, expected in LEAKS_OF_REAL_DATA:
        applications = extract_window(engine, contract, window).applications
        leaks = measure_leaks(contract, applications, prepare(contract, applications).labels, POLICY)
        assert [leak.rows for leak in leaks] == list(expected.values())
        assert all(name in leak.columns for name, leak in zip(expected, leaks, strict=True))
        assert [leak.is_positive for leak in leaks] == [True, True, False]
        assert all(leak.agreement >= 0.998 for leak in leaks)
