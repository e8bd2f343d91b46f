"""The monitor of the monitor: planted changes are what they say, and both lenders' windows can be checked."""

from __future__ import annotations

import html
import json

import numpy as np
import pandas as pd
import pytest

from blocks.postgres.connect import Patience, make_engine
from flows.check_monitor import app
from tasks.contract.load import load_contract
from tasks.core.findings import Question
from tasks.core.policy import MonitorPolicy, TrainPolicy
from tasks.monitor_check.planted_changes import CHANGES, NOTHING, Change, Planted
from tasks.monitor_check.report import find_interval
from tasks.monitor_check.trials import Ground, prepare_ground, run_trial, run_trials
from tests.support.second_lender import CONTRACT as SECOND_CONTRACT
from tests.support.second_lender import fill_table, make_requests
from tests.support.small_training import describe

CONTRACT = load_contract(SECOND_CONTRACT)
BY_NAME = {change.name: change for change in CHANGES}
POLICY = MonitorPolicy(train=TrainPolicy(boosting_rounds=30))


def take_requests(rows: int = 3_000) -> pd.DataFrame:
    requests = make_requests(months=1, per_month=rows).astype({"request_no": str})
    words = [column.name for column in CONTRACT.columns if column.type == "category"]
    return requests.astype(dict.fromkeys(words, "category"))


@pytest.fixture(scope="module")
def ground() -> Ground:
    return prepare_ground(CONTRACT, take_requests(), POLICY)


def plant(ground: Ground, change: Change, seed: int = 0) -> Planted:
    window = Planted(ground.applications, ground.labels)
    planted = change.plant(CONTRACT, window, np.random.default_rng(seed))
    assert planted is not None
    return planted


@pytest.mark.parametrize("seed", range(5))
def test_a_shift_moves_one_number_and_leaves_special_values(ground: Ground, seed: int):
    planted = plant(ground, BY_NAME["shift_half"], seed)
    before, after = (frame[planted.column] for frame in (ground.applications, planted.applications))
    special = before.isin(list(CONTRACT.column(planted.column).special))
    stated = before[~special]
    assert (after[special] == before[special]).all()
    assert np.allclose(after[~special] - stated, 0.5 * (stated.quantile(0.75) - stated.quantile(0.25)))
    others = ground.applications.columns.drop(planted.column)
    pd.testing.assert_frame_equal(planted.applications[others], ground.applications[others])


def test_missing_values_and_unknown_words_come_in_the_share_that_is_told(ground: Ground):
    missing = plant(ground, BY_NAME["missing_20"])
    assert missing.applications[missing.column].isna().mean() == pytest.approx(0.20, abs=0.03)
    renamed = plant(ground, BY_NAME["new_category"])
    words = renamed.applications[renamed.column].astype(object)
    assert (~words.isin(ground.applications[renamed.column])).mean() == pytest.approx(0.05, abs=0.02)


def test_flips_change_labels_only_and_leave_unknown_ones_unknown(ground: Ground):
    labels = ground.labels.copy()
    labels[:100] = np.nan
    planted = BY_NAME["flips_10"].plant(CONTRACT, Planted(ground.applications, labels), np.random.default_rng(0))
    assert planted is not None
    assert np.isnan(planted.labels[:100]).all()
    assert (planted.labels[100:] != labels[100:]).mean() == pytest.approx(0.10, abs=0.03)
    assert planted.applications is ground.applications


def test_a_change_that_the_columns_do_not_allow_is_not_tried(ground: Ground):
    window = Planted(ground.applications, ground.labels)
    assert (
        BY_NAME["new_category"].plant(describe("yearly_salary", "wanted_limit"), window, np.random.default_rng(0))
        is None
    )


def test_the_same_trial_gives_the_same_answer(ground: Ground):
    first, second = (run_trial(ground, BY_NAME["shift_quarter"], 3) for _ in range(2))
    assert first == second


@pytest.mark.slow
def test_few_alarms_for_nothing_and_many_for_what_is_plain(ground: Ground):
    """At a budget of 3 %, 4 or more alarms of 20 are seen once in 370 times at most."""
    trials = [trial for batch in run_trials(ground, [(NOTHING, 20), (BY_NAME["flips_20"], 5)], 1) for trial in batch]
    nothing, flips = ([t for t in trials if t.change == name] for name in ("nothing", "flips_20"))
    assert (len(nothing), len(flips)) == (20, 5)
    assert sum(bool(trial.raised) for trial in nothing) <= 3
    assert sum(trial.is_expected for trial in flips) >= 4


@pytest.mark.parametrize(
    ("hits", "tries", "expected"),
    [
        (0, 10, (0.0, 0.3085)),  # Clopper & Pearson's own table, 95 %
        (10, 10, (0.6915, 1.0)),
        (5, 10, (0.1871, 0.8129)),
        (0, 0, (0.0, 1.0)),  # nothing tried: anything may be true
    ],
)
def test_interval_of_a_share(hits, tries, expected):
    assert find_interval(hits, tries) == pytest.approx(expected, abs=1e-4)


@pytest.mark.slow
def test_the_command_on_a_second_lender(database, tmp_path, capsys):
    engine = make_engine(database, Patience())
    fill_table(engine, make_requests(months=1, per_month=2_000))
    engine.dispose()
    few = ["--repeats", "40", "--planted", "6", "--results", str(tmp_path)]
    with pytest.raises(SystemExit) as ended:
        app(["--contract", SECOND_CONTRACT, "--month", "2023-01", *few])
    assert not ended.value.code
    (folder,) = tmp_path.iterdir()
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert summary["schema"] == "loanwatch.check_monitor/1"
    assert summary["contract"] == "card_requests"
    assert summary["window"] == {"start": "2023-01-01", "end": "2023-01-31"}
    false_alarms = summary["false_alarms"]
    assert (false_alarms["tries"], false_alarms["budget"]) == (40, pytest.approx(0.03))
    assert false_alarms["is_within_budget"]
    power = {change["change"]: change for change in summary["power"]}
    assert power.keys() == BY_NAME.keys()
    assert power["shift_half"]["hits"] == power["flips_20"]["hits"] == 6
    assert all(0 <= change["interval"][0] <= change["share"] <= change["interval"][1] <= 1 for change in power.values())
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert summary["sentence"] in html.unescape(page)
    assert "<script" not in page
    assert "random splits" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--start", "2024-02-01", "--end", "2024-01-01"], 2, "Swap"),  # the end before the start
        (["--month", "2024-02", "--end", "2024-02-29"], 2, "either --month or --start"),  # which of the two?
        (["--month", "February"], 2, "February"),
        (["--month", "2024-02"], 1, "unfit"),
        (["--start", "2024-02-01", "--end", "2024-02-29"], 1, "unfit"),  # an empty table says nothing of the monitor
    ],
)
def test_what_cannot_be_checked_is_said(database, tmp_path, capsys, arguments, code, told):
    engine = make_engine(database, Patience())
    fill_table(engine, make_requests(months=1, per_month=10).iloc[:1])
    engine.dispose()
    with pytest.raises(SystemExit) as ended:
        app(["--contract", SECOND_CONTRACT, "--results", str(tmp_path), *arguments])
    assert ended.value.code == code
    assert told in capsys.readouterr().err


def test_every_change_expects_what_it_changes():
    expected = {name: change.expected for name, change in BY_NAME.items()}
    assert all(questions == (Question.DATA,) for name, questions in expected.items() if "flips" not in name)
    assert all(Question.CONCEPT in questions for name, questions in expected.items() if "flips" in name)
