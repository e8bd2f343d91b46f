"""Earlier days: a change that the window has begun with is dated by the days of the window before, if there is one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Engine

from tasks.changes.earlier_days import find_window_before
from tasks.changes.past_runs import PastRun, find_first_day
from tasks.core.findings import Finding, Outcome, Question, Verdict
from tasks.core.onset import Onset, OnsetKind
from tasks.core.policy import MonitorPolicy
from tasks.core.scored_window import ScoredWindow, join_windows
from tasks.core.windows import Window, month_of
from tests.support.flow import month, run_monitor

QUICK = MonitorPolicy.model_validate(
    {"train": {"forest_trees": 10, "boosting_rounds": 30, "folds": 3}, "self_check": {"splits": 0}}
)


def looked_at(*windows: Window) -> list[PastRun]:
    return [PastRun(f"run-{window}", window, Outcome.STABLE, ()) for window in windows]


@pytest.mark.parametrize(
    ("earlier", "expected"),
    [
        ([month_of("2024-08"), month_of("2024-09")], month_of("2024-09")),  # the latest
        ([month_of("2024-08")], None),  # nobody has looked at September
        ([Window(date(2024, 9, 15), date(2024, 10, 14))], None),  # it holds days of this window
        (
            [Window(date(2024, 9, 23), date(2024, 9, 29)), month_of("2024-08")],
            Window(date(2024, 9, 23), date(2024, 9, 29)),
        ),
        ([], None),
    ],
)
def test_the_window_before_is_the_latest_that_ends_just_before(earlier: list[Window], expected: Window | None):
    assert find_window_before(month_of("2024-10"), looked_at(*earlier)) == expected


def test_a_change_that_began_before_the_window_counts_from_the_windows_first_day():
    onset = Onset(OnsetKind.STEP, "", 0.0, (), date(2024, 9, 28), date(2024, 9, 26), date(2024, 10, 2))
    finding = Finding(Question.CONCEPT, "score_curve", Verdict.FAIL, "", onset=onset)
    assert find_first_day([finding], month_of("2024-10")) == date(2024, 10, 1)
    later = replace(finding, onset=replace(onset, day=date(2024, 10, 9)))
    assert find_first_day([later], month_of("2024-10")) == date(2024, 10, 9)


def make_window(day: str, rows: int, keys: bool = True) -> ScoredWindow:
    days = np.full(rows, day, dtype="datetime64[D]")
    frame = pd.DataFrame({"income": np.arange(rows, dtype=float)})
    hashes = np.arange(rows, dtype=np.uint64) if keys else None
    return ScoredWindow(frame, np.zeros(rows), np.full(rows, 0.5), hashes, days=days)


def test_two_windows_are_joined_in_the_order_of_their_days():
    joined = join_windows(make_window("2024-09-30", 3), make_window("2024-10-01", 2))
    assert len(joined.labels) == len(joined.scores) == len(joined.applications) == 5
    assert joined.days is not None
    assert [str(day) for day in joined.days] == ["2024-09-30"] * 3 + ["2024-10-01"] * 2
    assert joined.keys is not None


def test_what_only_one_of_them_knows_the_whole_does_not_know():
    assert join_windows(make_window("2024-09-30", 3, keys=False), make_window("2024-10-01", 2)).keys is None


@pytest.mark.slow
def test_a_change_that_began_with_the_month_is_dated_by_the_month_before(demo: Engine, tmp_path):
    """The demo's campaign begins on 1 August; July, which an earlier run has looked at, is as ever."""
    _, july = run_monitor(tmp_path, **month(2024, 7), policy=QUICK)
    assert july["outcome"] == "stable"
    _, august = run_monitor(tmp_path, **month(2024, 8), policy=QUICK)
    income = next(f for f in august["findings"] if (f["subject"], f["check"]) == ("annual_income", "distribution"))
    assert income["verdict"] == "fail"
    onset = income["onset"]
    assert onset["kind"] == "step"
    assert "2024-07-25" <= onset["earliest"] <= "2024-08-01" <= onset["latest"] <= "2024-08-08"
    assert onset["by_day"][0][0] == "2024-07-01"
    assert "Since about" in income["sentence"] or "Since 1 August" in income["sentence"]
    assert "or before" not in income["sentence"]
