"""Own splits: what is kept together stays together; a check that alarms without a change gets a limit of its own."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from tasks.core.findings import Finding, Question, Verdict
from tasks.core.policy import MonitorPolicy, SelfCheckPolicy
from tasks.core.reference_rows import MOST_ROWS, sample_customers
from tasks.core.self_check import OwnLimit, SelfCheck
from tasks.drift.own_limits import apply_own_limits
from tasks.monitor_check import own_splits
from tasks.monitor_check.own_splits import LEAST_SPLITS, Split, draw_splits, keep_together
from tasks.monitor_check.self_check import Splits, summarise_splits
from tasks.monitor_check.tallies import find_own_limits
from tasks.monitor_check.trials import compare_sides
from tasks.profile.day_effects import measure_day_effects
from tests.support.reference_rows import make_batches, make_reference
from tests.support.replace import replace_object
from tests.support.windows_to_compare import CONTRACT

POLICY = MonitorPolicy()
LEVEL = POLICY.self_check.level


def stand_still() -> float:
    """A clock for which no time passes, so that every split is made."""
    return 0.0


def check(reference, splits: int = 50) -> SelfCheck:
    policy = MonitorPolicy(self_check=SelfCheckPolicy(splits=splits))
    made = tuple(draw_splits(CONTRACT, policy, reference, 1_000, stand_still))
    return summarise_splits(1, Splits(made, policy), 1.0)


@pytest.fixture(scope="module")
def batches() -> SelfCheck:
    """Of checks that are not told how alike the rows of a week are: whatever else they may not know is found so."""
    with pytest.MonkeyPatch.context() as patch:
        replace_object(measure_day_effects, lambda *given: None, set_attribute=patch.setattr)
        return check(make_batches())


@pytest.mark.slow
def test_a_plain_table_has_few_alarms_and_no_limit_of_its_own():
    """At a budget of 3 %, 6 or more alarms of 50 are seen once in 200 times."""
    record = check(make_reference())
    assert record.splits == 50
    assert record.alarms <= 5
    assert record.own_limits == ()
    assert record.is_within_budget
    assert {name: part.splits for name, part in record.by_split.items()} == {"customer": 25, "week": 25}
    assert "without a change" in record.sentence
    assert "points of any column" in record.sentence


@pytest.mark.slow
def test_checks_that_know_how_alike_the_rows_of_a_week_are_need_no_limit_of_their_own():
    before, alarms = make_batches(), 0
    reference = before.take(np.ones(len(before), dtype=bool), with_days=True)
    for seed in range(100, 130):
        later = make_batches(seed=seed)
        week = (later.days - later.days.min()).astype(int) // 7
        window = later.take((week >= 4) & (week < 8), with_days=True)
        found = compare_sides(CONTRACT, POLICY.drift, reference, window)
        alarms += any(one.verdict is Verdict.FAIL for one in found)
    assert alarms <= 2
    record = check(before, splits=20)
    assert record.by_split["week"].alarms <= 1


@pytest.mark.slow
def test_rows_that_come_in_batches_are_found_and_named(batches):
    assert batches.by_split["week"].alarms >= 6
    assert batches.by_split["customer"].alarms <= 3
    limits = {(own.check, own.column): own for own in batches.own_limits}
    assert ("distribution", "cars") in limits
    assert limits["distribution", "cars"].limit > POLICY.drift.distribution_limit
    assert {column for _, column in limits} <= {"cars", ""}
    assert batches.is_within_budget  # by its own limits
    assert "distribution of cars" in batches.sentence
    assert "of any other column" in batches.sentence


@pytest.mark.slow
def test_later_windows_of_batches_raise_no_more_false_alarms(batches):
    """Four weeks of such dealers' customers, on days that nobody knows: the policy's limits alarm in many of them."""
    before = make_batches()
    reference, alarms = before.take(np.ones(len(before), dtype=bool)), []
    for seed in range(100, 130):
        later = make_batches(seed=seed)
        week = (later.days - later.days.min()).astype(int) // 7
        window = later.take((week >= 4) & (week < 8))
        found = compare_sides(CONTRACT, POLICY.drift, reference, window)
        own = apply_own_limits(found, batches.own_limits, len(window.labels))
        alarms.append([any(one.verdict is Verdict.FAIL for one in findings) for findings in (found, own)])
    by_policy, by_own = np.sum(alarms, axis=0)
    assert by_policy >= 10
    assert by_own <= 3


def test_customers_and_weeks_stay_on_one_side(monkeypatch):
    reference = make_reference(2_000)
    reference = replace(reference, keys=reference.keys % np.uint64(300))
    weeks = keep_together(reference, 500)["week"]
    sides = []
    replace_object(
        compare_sides,
        lambda contract, policy, *both: sides.append(both) or [],
        set_attribute=monkeypatch.setattr,
    )
    policy = MonitorPolicy(self_check=SelfCheckPolicy(splits=4))
    made = list(draw_splits(CONTRACT, policy, reference, 500, stand_still))
    assert [split.kept for split in made] == ["customer", "week", "customer", "week"]
    week_of = dict(zip(reference.applications["loan"], weeks.tolist(), strict=True))
    for split, (before, now) in zip(made, sides, strict=True):
        kept = [
            set(side.keys.tolist() if split.kept == "customer" else map(week_of.get, side.applications["loan"]))
            for side in (before, now)
        ]
        assert not kept[0] & kept[1]
        assert 500 <= split.window_rows < 650
        assert split.reference_rows == 2_000 - split.window_rows


@pytest.mark.parametrize(
    ("window_rows", "days", "kept"),
    [
        (1_000, 182, ["customer", "week"]),
        (20, 182, ["customer", "day"]),  # windows of a day: weeks would hide that days differ
        (1_000, 60, ["customer"]),  # nine weeks are too few to be drawn at random
        (1_000, 1, ["customer"]),  # a table that knows no days
    ],
)
def test_what_is_kept_together_fits_the_windows(window_rows, days, kept):
    reference = make_reference(2_000)
    first = reference.days.min()
    reference = replace(reference, days=first + (reference.days - first).astype(int) % days)
    assert list(keep_together(reference, window_rows)) == kept


def test_a_reference_that_is_too_small_is_not_split():
    record = check(make_reference(390))
    assert (record.splits, record.own_limits) == (0, ())
    assert "too few applications" in record.sentence


def test_no_split_begins_after_its_time(monkeypatch):
    replace_object(compare_sides, lambda *given: [], set_attribute=monkeypatch.setattr)
    ticks = count()
    policy = MonitorPolicy(self_check=SelfCheckPolicy(seconds=4))
    assert len(list(draw_splits(CONTRACT, policy, make_reference(1_000), 300, lambda: next(ticks)))) == 13
    policy = MonitorPolicy(self_check=SelfCheckPolicy(seconds=0))
    assert len(list(draw_splits(CONTRACT, policy, make_reference(1_000), 300))) == LEAST_SPLITS


def test_the_same_reference_gives_the_same_splits():
    policy = MonitorPolicy(self_check=SelfCheckPolicy(splits=2))
    first, second = (list(draw_splits(CONTRACT, policy, make_reference(1_000), 300, stand_still)) for _ in range(2))
    assert [split.findings for split in first] == [split.findings for split in second]


def test_a_large_reference_is_sampled_by_whole_customers():
    reference = make_reference(MOST_ROWS + 5_000)
    reference = replace(reference, keys=reference.keys % np.uint64(8_000))
    sample = sample_customers(reference, seed=1)
    assert MOST_ROWS <= len(sample) < MOST_ROWS + 50
    drawn = np.isin(reference.keys, sample.keys)
    assert drawn.sum() == len(sample)
    assert sample_customers(make_reference(500), seed=1).labels.shape == (500,)


def make_splits(alarms: dict[str, int], columns: int = 20, splits: int = 50) -> list[Split]:
    """Splits in which each column's distribution was tested, and some of them raised so many alarms."""
    names = [f"c{number}" for number in range(columns)]
    return [
        Split("customer", 2_000, 1_000, tuple(_test(name, number < alarms.get(name, 0)) for name in names))
        for number in range(splits)
    ]


def _test(name: str, is_alarm: bool) -> Finding:
    return Finding(
        Question.DATA, "distribution", Verdict.FAIL if is_alarm else Verdict.PASS, "", name,
        effect=0.11 if is_alarm else 0.02, unit="share of applicants", standard_error=0.01, limit=0.06,
        p_value=1e-6 if is_alarm else 1.0, level=0.008,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("alarms", "limited"),
    [
        ({}, []),
        ({"c3": 1}, []),  # once in 50 is chance
        ({"c3": 2}, ["c3"]),  # twice is not, where each column has a twentieth of 0.8 %
        ({"c3": 2, "c4": 1, "c5": 9}, ["c3", "c5"]),
    ],
)
def test_a_column_that_alarms_more_often_than_chance_has_a_limit_of_its_own(alarms, limited):
    own = find_own_limits(make_splits(alarms), LEVEL)
    assert [one.column for one in own] == limited
    assert all(one.limit == 0.11 for one in own)


def test_a_check_that_alarms_in_many_columns_once_each_has_one_limit_for_all():
    splits = make_splits({})
    for number in range(8):
        moved = [_test(f"c{column}", column == number) for column in range(20)]
        splits[number] = replace(splits[number], findings=tuple(moved))
    (own,) = find_own_limits(splits, LEVEL)
    assert (own.check, own.column, own.alarms) == ("distribution", "", 8)


OWN = OwnLimit(
    question="data", check="distribution", column="c1", limit=0.15, unit="share of applicants", alarms=9, splits=50,
    rows=1_000,
)  # fmt: skip


@pytest.mark.parametrize(
    ("effect", "rows", "verdict"),
    [
        (0.12, 1_000, Verdict.WARN),  # no more than splits without a change have shown
        (0.17, 1_000, Verdict.FAIL),  # a change that they never showed is an alarm as before
        (0.17, 500, Verdict.WARN),  # half the rows: chance shows more
        (0.17, 9_000, Verdict.FAIL),
    ],
)
def test_an_alarm_counts_only_beyond_its_own_limit(effect, rows, verdict):
    alarm = replace(_test("c1", is_alarm=True), effect=effect, smallest_detectable=0.08, sentence="c1 moved.")
    (judged,) = apply_own_limits([alarm], [OWN], rows)
    assert judged.verdict is verdict
    assert judged.limit is not None
    assert judged.limit >= OWN.limit
    assert judged.smallest_detectable is not None
    assert judged.smallest_detectable > judged.limit
    assert "9 alarms in 50 random splits" in judged.sentence


def test_other_columns_and_checks_keep_their_limits():
    other = _test("c2", is_alarm=True)
    never_seen = replace(_test("c1", is_alarm=True), check="never_seen")
    assert apply_own_limits([other, never_seen], [OWN], 1_000) == [other, never_seen]


def test_columns_missing_together_are_excused_only_if_each_of_them_is():
    missing = OWN.model_copy(update={"check": "missing"})
    alarm = replace(_test("", is_alarm=True), check="missing", columns=("c1", "c2"))
    (judged,) = apply_own_limits([alarm], [missing], 1_000)
    assert judged.verdict is Verdict.FAIL
    both = [missing, missing.model_copy(update={"column": "c2"})]
    (judged,) = apply_own_limits([alarm], both, 1_000)
    assert judged.verdict is Verdict.WARN


def test_alarms_come_first_and_the_sentence_names_the_limit_that_counts():
    excused = replace(_test("c1", is_alarm=True), smallest_detectable=0.08, sentence="")
    excused = replace(excused, sentence="c1 moved. Statistically significant and, less one standard error, above the "
                      "6.0-point limit.")  # fmt: skip
    label = replace(_test("", is_alarm=True), question=Question.LABEL, check="approval_rate")
    findings = apply_own_limits([excused, _test("c2", is_alarm=True), label], [OWN], 1_000)
    assert [(one.subject, one.verdict) for one in findings] == [
        ("c2", Verdict.FAIL), ("c1", Verdict.WARN), ("", Verdict.FAIL),
    ]  # fmt: skip
    assert "above the 6.0-point limit" not in findings[1].sentence
    assert "below the 15.0-point limit" in findings[1].sentence
    assert "in place of 6.0 points" in findings[1].sentence


def test_the_joint_shape_is_scaled_from_no_difference():
    own = OWN.model_copy(update={"check": "joint_shape", "column": "", "limit": 0.6, "unit": "AUC"})
    alarm = replace(_test("", is_alarm=True), check="joint_shape", effect=0.68, unit="AUC", limit=0.55)
    (judged,) = apply_own_limits([alarm], [own], 250)
    assert judged.limit == pytest.approx(0.7)


def test_a_few_splits_make_a_whole_record():
    record = check(make_reference(2_000), splits=2)
    assert SelfCheck.model_validate_json(record.model_dump_json()) == record
    assert (record.splits, record.window_rows + record.reference_rows) == (2, 2_000)
    assert {"distribution", "approval_rate", "score_curve", "auc"} <= {one.check for one in record.detectable}
    assert record.interval[1] > record.budget


@pytest.mark.slow
def test_splits_that_are_made_side_by_side_are_those_made_one_after_the_other(monkeypatch):
    policy = MonitorPolicy(self_check=SelfCheckPolicy(splits=5))
    alone = list(draw_splits(CONTRACT, policy, make_reference(1_000), 300, stand_still))
    monkeypatch.setattr(own_splits, "SECONDS_TO_SHARE", 0.0)
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "2")
    together = list(draw_splits(CONTRACT, policy, make_reference(1_000), 300, stand_still))
    assert [split.findings for split in together] == [split.findings for split in alone]
    assert [(split.kept, split.window_rows) for split in together] == [(s.kept, s.window_rows) for s in alone]
