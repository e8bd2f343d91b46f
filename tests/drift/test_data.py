"""Data drift: what raises an alarm, what does not, and in which words."""

import numpy as np
import pytest

from tasks.core.findings import Finding, Question, Verdict, summarise
from tasks.core.policy import DriftPolicy
from tasks.drift.check import measure_drift
from tasks.drift.comparison import Comparison
from tasks.drift.judgement import Draft, judge_family
from tests.support.windows_to_compare import NOT_STATED, find, list_failed, make_profile, observe

POLICY = DriftPolicy()
DATA, LABEL, CONCEPT = Question.DATA, Question.LABEL, Question.CONCEPT
PROFILE = make_profile()


def measure(observed, profile=PROFILE, policy=POLICY):
    return measure_drift(Comparison(profile, observed, policy))


def test_disjoint_windows_differ_by_all():
    window = observe(income=lambda frame: frame["income"] + 1e9, purpose="yacht")
    findings = measure(window)
    for column in ("income", "purpose"):
        assert find(findings, "distribution", column).effect == 1
        assert find(findings, "never_seen", column).effect == 1
    joint = find(findings, "joint_shape")
    assert joint.effect == 1
    assert set(joint.columns) & {"income", "purpose"}


def some(column, value, every=5):
    """A value in place of every so-manieth of a column."""
    return lambda frame: frame[column].astype(object).where(frame.index % every != 0, value)


def lose(column, every=5):
    return lambda frame: frame[column].mask(frame.index % every == 0)


CHANGES = {
    "numbers shifted": ("income", lambda frame: frame["income"] * 1.2, "distribution"),
    "counts shifted": ("cars", lambda frame: frame["cars"] + 1, "distribution"),
    "special value gone": ("amount", lambda frame: frame["amount"].replace(NOT_STATED, 9_000), "distribution"),
    "categories moved": ("purpose", some("purpose", "home"), "distribution"),
    "ordered categories moved": ("job", some("job", "long"), "distribution"),
    "new category in 5 %": ("purpose", some("purpose", "crypto", every=20), "never_seen"),
    "beyond the range in 5 %": ("income", lambda f: f["income"].where(f.index % 20 != 0, 1e8), "never_seen"),
    "missing in 20 %": ("cars", lose("cars"), "missing"),
    "no longer missing": ("debt", lambda frame: frame["debt"].fillna(1_000), "missing"),
}


@pytest.mark.parametrize(("column", "change", "check"), CHANGES.values(), ids=CHANGES.keys())
def test_a_change_is_named_with_its_column_first(column, change, check):
    findings = measure(observe(**{column: change}))
    assert find(findings, check, column).verdict is Verdict.FAIL
    first = findings[0]
    assert column in (first.subject, *first.columns)
    assert summarise(findings, DATA) is Verdict.FAIL
    assert summarise(findings, LABEL) is Verdict.PASS


def test_sure_but_small_is_a_note():
    """The same small change is a note with many rows: the limit, not the number of rows, decides."""
    profile = make_profile(40_000)
    finding = find(measure(observe(40_000, income=lambda f: f["income"] * 1.02), profile), "distribution", "income")
    assert finding.verdict is Verdict.WARN
    assert finding.p_value <= finding.level
    assert finding.effect < finding.limit
    assert "reported for information" in finding.sentence


def test_columns_that_are_missing_together_are_one_question():
    profile = make_profile(income=lose("income"), cars=lose("cars"))
    window = observe(income=lose("income"), cars=lose("cars"))
    missing = [one for one in measure(window, profile) if one.check == "missing"]
    assert ("income", "cars") in [one.columns for one in missing]
    apart = measure(observe(income=lose("income")), profile)
    assert ("income",) in [one.columns for one in apart if one.check == "missing"]


def test_a_column_that_one_window_lacks_is_missing_there():
    findings = measure(observe(cars=None))
    assert find(findings, "missing", "cars").effect == 1
    assert find(findings, "missing", "cars").verdict is Verdict.FAIL
    assert find(findings, "distribution", "cars").verdict is Verdict.NOT_ENOUGH_DATA
    new = measure(observe(), make_profile(purpose=None))
    assert find(new, "missing", "purpose").verdict is Verdict.FAIL


def test_a_column_without_values_in_both_windows_is_nothing_to_ask():
    findings = measure(observe(cars=np.nan), make_profile(cars=np.nan))
    assert find(findings, "distribution", "cars").verdict is Verdict.PASS
    assert summarise(findings, DATA) is Verdict.PASS


def fill_first(count):
    return lambda frame: np.where(np.arange(len(frame)) < count, frame["cars"], np.nan)


@pytest.mark.parametrize(
    ("before", "now", "verdict"),
    [
        (3, 300, Verdict.NOT_ENOUGH_DATA),  # 3 values say nothing about a distribution, and 15 % of the window matter
        (300, 3, Verdict.NOT_ENOUGH_DATA),
        (3, 5, Verdict.PASS),  # a column that hardly anybody fills in cannot move 6 of 100 applicants
    ],
)
def test_a_column_that_is_hardly_filled_is_no_green_tick(before, now, verdict):
    findings = measure(observe(cars=fill_first(now)), make_profile(cars=fill_first(before)))
    found = find(findings, "distribution", "cars")
    assert found.verdict is verdict
    assert found.effect is None
    assert f"{now} values in the window and {before} in the reference" in found.sentence


def test_a_column_of_special_values_only_is_not_compared():
    findings = measure(observe(amount=NOT_STATED), make_profile())
    assert find(findings, "never_seen", "amount").verdict is Verdict.NOT_ENOUGH_DATA
    assert find(findings, "distribution", "amount").verdict is Verdict.FAIL


def test_a_change_of_more_than_every_applicant_is_never_printed():
    finding = Finding(
        DATA, "distribution", Verdict.PASS, "", effect=0.1, unit="share", standard_error=0.6, limit=0.06, p_value=0.9
    )
    (judged,) = judge_family([Draft(finding, "Seen.", lambda _: 1.496)], level=0.01)
    assert judged.sentence == "Seen. No significant change; in a window of this size none could be detected."


def test_a_constant_column_is_quiet_until_the_constant_changes():
    profile = make_profile(cars=2.0)
    assert not list_failed(measure(observe(cars=2.0), profile))
    assert (DATA, "never_seen", "cars") in list_failed(measure(observe(cars=3.0), profile))


def test_a_text_of_unique_values_raises_no_alarm():
    """Nearly every value is new in every window, and that is no news."""
    profile = make_profile(1_000, purpose=lambda f: [f"a{row}" for row in f.index])
    findings = measure(observe(1_000, purpose=lambda f: [f"b{row}" for row in f.index]), profile)
    assert find(findings, "never_seen", "purpose").verdict is not Verdict.FAIL


def test_what_could_have_been_seen_shrinks_with_the_rows():
    few, many = (find(measure(observe(rows), make_profile(rows)), "distribution", "income") for rows in (400, 4_000))
    assert many.smallest_detectable < few.smallest_detectable


def test_a_change_that_few_applicants_have_is_no_alarm():
    """Half of the values of a column that 5 % fill have moved: 2.5 points of all applicants."""
    hidden = np.random.default_rng(3).random(4_000) > 0.05

    def fill_few(frame):
        return frame["debt"].mask(hidden[: len(frame)])

    profile = make_profile(4_000, debt=lambda frame: fill_few(frame.fillna({"debt": 1_000.0})))
    window = observe(4_000, debt=lambda frame: fill_few(frame.fillna({"debt": 1_000.0})) * 1.6)
    few = find(measure(window, profile), "distribution", "debt")
    assert few.effect > 0.25
    assert few.limit == pytest.approx(0.03 / 0.05, rel=0.2)
    assert few.verdict is Verdict.WARN
    assert "% of applicants with a value" in few.sentence
    many = find(
        measure(observe(4_000, debt=lambda frame: frame["debt"] * 1.6), make_profile(4_000)), "distribution", "debt"
    )
    assert (many.limit, many.verdict) == (0.06, Verdict.FAIL)
