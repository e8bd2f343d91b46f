"""The lenders drawn at random: the same by the same seed, alike where nothing changes, changed by what was asked."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest
import scipy
from threadpoolctl import threadpool_limits

from benchmarks.lenders import runs
from benchmarks.lenders.__main__ import main
from benchmarks.lenders.applicants import draw_applicants
from benchmarks.lenders.changes import BY_NAME, LEAKS_ONLY, NOTHING
from benchmarks.lenders.data_changes import NEW_WORD, find_distance
from benchmarks.lenders.draw import draw_lender
from benchmarks.lenders.goals import Share, list_goals
from benchmarks.lenders.leaks import find_leaking
from benchmarks.lenders.lender import Delays, Lender, Visits
from benchmarks.lenders.planting import Place
from benchmarks.lenders.records import Record
from benchmarks.lenders.rule import expect_area
from benchmarks.lenders.runs import Task, run_task
from benchmarks.lenders.shapes import GROUPS, Shape
from benchmarks.lenders.table import as_markdown
from benchmarks.lenders.visibility import find_visible, trace_rule
from benchmarks.lenders.windows import READ_ON, REFERENCE, WINDOW, Rows, draw_rows
from blocks.errors import UsageError
from tasks.contract.contract import Contract
from tasks.core.files import write_json
from tasks.core.findings import Finding, Question, Verdict
from tasks.models.train import TrainingError

SMALL = Shape("small", (400, 400), (600, 600), rate=(0.4, 0.6), area=(0.7, 0.8), is_plain=True)
ROWS = 6_000


@lru_cache
def find_lender(number: int = 0, seed: int = 3) -> Lender:
    """A lender of the group `power`, with windows of one size."""
    return replace(draw_lender(seed, "power", number), rows=ROWS, reference_rows=ROWS)


def plant(name: str, size: float, number: int) -> tuple[Rows, Rows, tuple[str, ...]] | None:
    """A window as it was and as it is changed, and the columns at fault."""
    lender = find_lender(number)
    place = Place(lender, draw_rows(lender, "reference", REFERENCE), size, f"{name} {size:g}")
    planted = BY_NAME[name].plant(place)
    return None if planted is None else (place.draw(), planted.rows, planted.columns)


def plant_in_first(name: str, size: float) -> tuple[Rows, Rows, tuple[str, ...]]:
    """The same in the first lender who has a column for it."""
    return next(found for number in range(20) if (found := plant(name, size, number)) is not None)


def test_the_same_seed_gives_the_same_lender_and_the_same_rows():
    one, two, other = (draw_lender(seed, "random", 4) for seed in (1, 1, 2))
    assert one.contract == two.contract != other.contract
    assert one.kinds == two.kinds
    frames = [draw_rows(lender, NOTHING, WINDOW).frame for lender in (one, two)]
    pd.testing.assert_frame_equal(*frames)
    assert not draw_rows(one, "another", WINDOW).frame.equals(frames[0])


@pytest.mark.parametrize("number", range(6))
def test_rows_have_the_types_of_an_extract(number):
    lender = draw_lender(5, "random", number)
    assert Contract.model_validate(lender.contract.model_dump(by_alias=True)) == lender.contract
    frame = draw_rows(replace(lender, rows=300), NOTHING, WINDOW).frame
    assert list(frame) == [column.name for column in lender.contract.columns]
    types = {"number": "float64", "time": "datetime64[ns]", "category": "category", "text": "str"}
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
        column.name: types[column.type] for column in lender.contract.columns
    }
    assert frame[lender.contract.id.name].is_unique
    assert frame[lender.contract.time.name].between(str(WINDOW.start), f"{WINDOW.end} 23:59:59").all()
    for column in lender.contract.columns:
        if column.type == "category":
            assert set(frame[column.name].cat.categories) == set(frame[column.name].dropna())


@pytest.mark.slow
def test_random_lenders_are_of_many_kinds():
    drawn = [draw_lender(9, "random", number) for number in range(8)]
    assert len({kind for lender in drawn for kind in lender.kinds}) >= 8
    assert all(3 <= len(lender.fields) <= 60 for lender in drawn)
    assert all(0.005 <= lender.rule.rate <= 0.99 and 0.5 < lender.rule.area <= 0.985 for lender in drawn)
    assert all(300 <= lender.reference_rows <= 50_000 and 200 <= lender.rows <= 20_000 for lender in drawn)


def test_the_rule_has_the_rate_and_the_area_that_were_asked():
    lender = find_lender()
    rows = draw_rows(replace(lender, rows=20_000), NOTHING, WINDOW)
    assert rows.is_positive.mean() == pytest.approx(lender.rule.rate, abs=0.02)
    assert expect_area(rows.chances, rows.chances) == pytest.approx(lender.rule.area, abs=0.02)


@pytest.mark.parametrize("visits", [Visits(), Visits(2.5, known=0.4, loyalty=0.5), Visits(2.5, is_close=True)])
def test_windows_in_which_nothing_changes_are_alike(visits):
    """Rows of one customer are no independent sample: so one row of each is compared."""
    lender = replace(find_lender(2), visits=visits)
    reference = draw_rows(lender, "reference", REFERENCE)
    window = draw_rows(lender, NOTHING, WINDOW, reference.applicants.customers)
    firsts = [rows.frame.iloc[np.unique(rows.applicants.owner, return_index=True)[1]] for rows in (reference, window)]
    for field in lender.fields:
        if field.is_number:
            numbers = [frame[field.name].fillna(-1e12) for frame in firsts]
            chance = scipy.stats.ks_2samp(*numbers).pvalue
        else:
            counts = [frame[field.name].astype(object).fillna("none").value_counts() for frame in firsts]
            table = pd.concat(counts, axis=1).fillna(0)
            chance = scipy.stats.chi2_contingency(table[table.sum(axis=1) >= 10]).pvalue
        assert chance > 1e-4, field.name
    visits_each = [np.mean(np.bincount(rows.applicants.owner)) for rows in (reference, window)]
    assert visits_each[0] == pytest.approx(visits_each[1], rel=0.1)
    for rows, days in ((reference, REFERENCE), (window, WINDOW)):
        day = (rows.frame["applied"] - pd.Timestamp(days.start)).dt.days
        day = day.iloc[np.unique(rows.applicants.owner, return_index=True)[1]]
        assert scipy.stats.chisquare(np.bincount(day, minlength=days.days)).pvalue > 1e-4


def test_a_customer_has_the_same_values_in_all_applications_and_may_return():
    lender = replace(find_lender(2), visits=Visits(3.0, known=0.5))
    theirs = tuple(replace(field, is_customers=True) for field in lender.fields)
    applicants = draw_applicants(theirs, lender.visits, 900, lender.random("one"))
    assert len(applicants.customers) == pytest.approx(300, rel=0.2)
    for column in applicants.frame:
        codes = pd.factorize(applicants.frame[column])[0]
        assert pd.Series(codes).groupby(applicants.owner).nunique().max() == 1
    again = draw_applicants(theirs, lender.visits, 900, lender.random("two"), applicants.customers)
    share = np.isin(again.customers.names, applicants.customers.names).mean()
    assert share == pytest.approx(0.5, abs=0.01)


def test_only_slow_decisions_of_the_last_days_are_missing():
    lender = replace(find_lender(), delays=Delays("positive", 10.0))
    rows = draw_rows(lender, NOTHING, WINDOW)
    is_open = rows.frame["outcome"].isna()
    assert rows.is_positive[is_open].all()
    age = (pd.Timestamp(READ_ON) + pd.Timedelta(days=1) - rows.frame["applied"]).dt.days
    late, early = (is_open[rows.is_positive & chosen].mean() for chosen in (age < 3, age >= 20))
    assert late > 0.8
    assert early < 0.2
    assert 0 < draw_rows(lender, "reference", REFERENCE).frame["outcome"].isna().mean() < 0.02


@pytest.mark.parametrize("size", [1.0, 2.0])
def test_a_moved_column_has_moved_by_the_limits_that_were_asked(size):
    before, after, (name,) = plant_in_first("column moved", size)
    distance = find_distance(*(rows.frame[name].fillna(-1e12).to_numpy() for rows in (before, after)))
    assert distance == pytest.approx(0.06 * size, abs=0.012)
    others = [column for column in before.frame if column != name]
    pd.testing.assert_frame_equal(before.frame[others], after.frame[others])


def test_words_values_and_units_change_in_the_share_that_was_asked():
    _, after, (name,) = plant_in_first("words added", 5.0)
    assert (after.frame[name] == NEW_WORD).mean() == pytest.approx(0.05, abs=0.01)
    before, after, (name,) = plant_in_first("values gone", 2.0)
    assert after.frame[name].isna().mean() - before.frame[name].isna().mean() == pytest.approx(0.12, abs=0.015)
    before, after, (name,) = plant_in_first("unit broken", 2.0)
    changed = (before.frame[name] != after.frame[name]) & before.frame[name].notna() & (before.frame[name] != 0)
    assert changed.mean() == pytest.approx(0.10, abs=0.02)


def test_columns_torn_apart_keep_their_values():
    before, after, (name,) = plant_in_first("columns torn apart", 2.0)
    assert sorted(before.frame[name].astype(str)) == sorted(after.frame[name].astype(str))
    assert not before.frame[name].equals(after.frame[name])


@pytest.mark.parametrize("size", [1.0, 2.0])
def test_changes_of_the_rule_move_the_probabilities_by_the_limits_and_no_column(size):
    for name in ("rate moved", "labels flipped", "effect reversed"):
        before, after, _ = plant_in_first(name, size)
        features = [field.name for field in find_lender(0).fields]
        pd.testing.assert_frame_equal(before.frame[features], after.frame[features])
        moved = after.chances - after.usual
        if name == "rate moved":
            assert abs(np.mean(moved)) == pytest.approx(0.03 * size, abs=1e-3)
        else:
            assert np.mean(np.abs(moved)) == pytest.approx(0.03 * size, abs=4e-3)
        if name == "effect reversed":
            assert np.mean(moved) == pytest.approx(0, abs=4e-3)


@pytest.mark.parametrize("number", [3, 4, 5])
def test_a_leak_marks_rows_of_one_outcome_only(number):
    lender = draw_lender(2, "leaks", number)
    name, told, share = find_leaking(lender)
    plain = replace(lender, shape=replace(lender.shape, leak=""))
    leaking, without = (draw_rows(one, NOTHING, WINDOW) for one in (lender, plain))
    changed = (leaking.frame[name].astype(str) != without.frame[name].astype(str)).to_numpy()
    assert (leaking.is_positive[changed] == told).all()
    assert changed.sum() == pytest.approx(share * np.sum(leaking.is_positive == told), rel=0.3)


def test_leaks_alone_need_no_champion(monkeypatch):
    monkeypatch.setattr(runs, "train_champion", None)
    (record,) = run_task(Task(1, "leaks", 3, nulls=1, leaks_only=True))
    assert record.change == LEAKS_ONLY
    assert record.leaks == [record.leak_column]
    figures = [goal.figure for goal in list_goals([record.as_json()])]
    assert figures == ["leak planted (code): found"]


def test_a_change_is_visible_where_it_clearly_exceeds_what_the_check_would_have_found():
    finding = Finding(Question.LABEL, "approval_rate", Verdict.PASS, "", limit=0.03, smallest_detectable=0.045)
    lender = find_lender()
    place = Place(lender, draw_rows(lender, "reference", REFERENCE), 2.0, "any")
    (trace,) = BY_NAME["rate moved"].plant(place).traces
    assert find_visible([trace], [finding])[0] is True
    assert find_visible([replace(trace, effect=0.05)], [finding])[0] is False
    assert find_visible([trace], [replace(finding, smallest_detectable=None)])[0] is False
    assert find_visible([trace], [])[0] is None
    flipped = BY_NAME["labels flipped"].plant(place)
    assert trace_rule(flipped, flipped.rows.usual)[0].effect == pytest.approx(0.06, abs=0.01)


@pytest.fixture(scope="module")
def records() -> list[Record]:
    """Some windows of one small lender, by one thread, as in a run."""
    with pytest.MonkeyPatch.context() as patch, threadpool_limits(limits=1):
        patch.setitem(GROUPS, "power", (SMALL,))
        return run_task(Task(1, "power", 0, nulls=2, changes=("column moved", "rate moved", "labels flipped")))


@pytest.mark.slow
def test_each_window_has_its_record(records):
    assert [record.change for record in records[:2]] == [NOTHING, NOTHING]
    planted = {(record.change, record.size) for record in records[2:]}
    assert planted == {(name, size) for name in ("column moved", "rate moved", "labels flipped") for size in (1, 2)}
    for record in records:
        told = record.as_json()
        assert set(told) == {field.name for field in fields(Record)}
        assert json.loads(json.dumps(told, allow_nan=False)) == told
        assert (record.rows, record.reference_rows) == (400, 600)
        assert record.verdict in ("stable", "undecided", "retrain")
        assert record.right is (not record.alarms) if record.change == NOTHING else record.required != []
    assert any(record.visible is not None for record in records)


@pytest.mark.slow
def test_a_lender_who_fails_is_recorded_and_so_is_one_whose_window_fails(monkeypatch):
    monkeypatch.setitem(GROUPS, "power", (SMALL,))

    def fail(*given, **more):
        raise TrainingError("Too few rows. Choose more.")

    monkeypatch.setattr(runs, "judge_window", fail)
    task = Task(1, "power", 0, nulls=1, changes=("rate moved",))
    assert [record.verdict for record in run_task(task)] == ["error: TrainingError: Too few rows. Choose more."] * 3
    monkeypatch.setattr(runs, "train_champion", lambda *given: 1 / 0)
    (record,) = run_task(task)
    assert record.verdict == "error: unexpected ZeroDivisionError: division by zero"
    assert run_task(replace(task, kind="ripening")) == []


@pytest.mark.slow
def test_goals_say_met_or_missed_with_their_interval(records):
    told = [record.as_json() for record in records]
    nulls = [{**told[0], "group": "random", "alarms": ["data"] * (number < 3)} for number in range(100)]
    lines = [str(goal) for goal in list_goals(nulls)]
    missed = (
        "MISSED random lenders, nothing changes: any alarm: 3 of 100, 3.0% [0.6%, 8.5%] (at most 3%, interval up to 5%)"
    )
    assert lines[0] == missed
    assert "met    random lenders: no verdict: 0 of 100, 0.0% [0.0%, 3.6%] (at most 0%)" in lines
    assert Share("found", 95, 100, 0.95, at_least=True).is_met
    failed = {**nulls[0], "verdict": "error: TrainingError: too few"}
    table = as_markdown([*nulls, failed, *told])
    assert "| random | 101 | 1 | 0 | 0.030 [0.006, 0.085] | 3 | 0 | 0 | 0 | 0 | 0 |" in table
    assert "| power | rate moved | 2 | 1 |" in table
    assert table.endswith("- no verdict, TrainingError: 1")


@pytest.mark.slow
def test_the_table_is_printed_from_the_file_and_a_wrong_name_is_refused(records, tmp_path, monkeypatch, capsys):
    write_json(tmp_path / "lenders.json", [record.as_json() for record in records])
    arguments = ["benchmarks.lenders", "--json", str(tmp_path / "lenders.json")]
    monkeypatch.setattr("sys.argv", [*arguments, "--markdown"])
    with pytest.raises(SystemExit):
        main()
    assert "| power | column moved | 1 | 1 |" in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", [*arguments, "--group", "others"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == UsageError.exit_code
    assert "There are: random, ripening" in capsys.readouterr().err
