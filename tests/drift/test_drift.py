"""Data and label drift: what raises an alarm, what does not, what cannot be said, and how it is said."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tasks.core.findings import Question, Verdict, summarise
from tasks.core.policy import DriftPolicy
from tasks.core.scored_window import ScoredWindow
from tasks.drift.check import measure_drift
from tasks.drift.comparison import Comparison
from tasks.drift.domain_classifier import separate_windows
from tasks.drift.halves import hash_code_rows, make_halves
from tasks.drift.label import measure_label_drift
from tests.support.windows_to_compare import NOT_STATED, find, list_failed, make_profile, make_window, observe

POLICY = DriftPolicy()
DATA, LABEL, CONCEPT = Question.DATA, Question.LABEL, Question.CONCEPT
PROFILE = make_profile()


def measure(observed, profile=PROFILE, policy=POLICY):
    return measure_drift(Comparison(profile, observed, policy))


def test_another_sample_of_the_same_applicants_raises_no_alarm():
    for seed in (1, 2, 3):
        assert not list_failed(measure(observe(seed=seed)))


def test_the_reference_itself_differs_by_nothing():
    frame, scores = make_window()
    findings = measure(ScoredWindow(frame, PROFILE.labels, scores))
    for one in findings:
        if one.check in ("distribution", "missing", "never_seen", "approval_rate"):
            assert one.effect == 0
        assert one.verdict is Verdict.PASS


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


def test_a_broken_relation_is_seen_where_every_column_alone_looks_the_same():
    window = observe(debt=lambda frame: np.random.default_rng(0).permutation(frame["debt"]))
    assert list_failed(measure(window)) == {(DATA, "joint_shape", "")}
    assert set(find(measure(window), "joint_shape").columns) == {"income", "debt"}


def test_sure_but_small_is_a_note():
    """The same small change is reported for information with many rows: the limit, not the number of rows, decides."""
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


def test_a_constant_column_is_quiet_until_the_constant_changes():
    profile = make_profile(cars=2.0)
    assert not list_failed(measure(observe(cars=2.0), profile))
    assert (DATA, "never_seen", "cars") in list_failed(measure(observe(cars=3.0), profile))


def test_a_text_of_unique_values_raises_no_alarm():
    """Nearly every value is new in every window, and that is no news."""
    profile = make_profile(1_000, purpose=lambda f: [f"a{row}" for row in f.index])
    findings = measure(observe(1_000, purpose=lambda f: [f"b{row}" for row in f.index]), profile)
    assert find(findings, "never_seen", "purpose").verdict is not Verdict.FAIL


def test_label_drift_is_points_of_the_approval_rate():
    flipped = observe(status=lambda f: np.where(f.index % 8 == 0, "yes", f["status"]))
    finding = find(measure(flipped), "approval_rate")
    assert finding.verdict is Verdict.FAIL
    assert finding.effect == pytest.approx(finding.current - finding.reference)
    assert "of decided applications" in finding.sentence


def test_too_few_rows_are_no_all_clear():
    findings = measure(observe(150))
    for question in (DATA, LABEL, CONCEPT):
        assert summarise(findings, question) is Verdict.NOT_ENOUGH_DATA
    assert "150" in findings[0].sentence
    assert summarise(measure(observe(), make_profile(150)), DATA) is Verdict.NOT_ENOUGH_DATA


def test_an_empty_window_is_not_enough_data():
    frame, scores = make_window(1)
    findings = measure(ScoredWindow(frame.iloc[:0], np.empty(0), scores[:0]))
    assert summarise(findings, DATA) is Verdict.NOT_ENOUGH_DATA
    assert summarise(findings, LABEL) is Verdict.NOT_RUN


def test_missing_or_equal_labels_are_no_all_clear():
    window = observe()
    unlabelled = measure(replace(window, labels=np.full(2_000, np.nan)))
    assert {summarise(unlabelled, question) for question in (LABEL, CONCEPT)} == {Verdict.NOT_RUN}
    assert summarise(unlabelled, DATA) is Verdict.PASS
    one_class = measure(replace(window, labels=np.ones(2_000)))
    assert {summarise(one_class, question) for question in (LABEL, CONCEPT)} == {Verdict.NOT_ENOUGH_DATA}


def test_every_quiet_answer_says_what_it_could_have_seen():
    for one in measure(observe()):
        assert one.verdict is Verdict.PASS
        assert one.smallest_detectable > one.limit
        assert "in 4 of 5 cases" in one.sentence


def test_what_could_have_been_seen_shrinks_with_the_rows():
    few, many = (find(measure(observe(rows), make_profile(rows)), "distribution", "income") for rows in (400, 4_000))
    assert many.smallest_detectable < few.smallest_detectable


def test_a_change_as_large_as_said_is_seen_four_times_in_five():
    """The promise of the sentence, for the approval rate: planted at exactly that size, at random, 200 times."""
    rows, random = 1_000, np.random.default_rng(0)
    profile = make_profile(rows)
    base = observe(rows)
    smallest = find(measure(base, profile), "approval_rate").smallest_detectable
    before = profile.positive / profile.labelled
    seen = 0
    for _ in range(200):
        # The reference is a sample too, so its own chance is drawn anew.
        drawn = replace(profile, positive=int(random.binomial(rows, before)))
        labels = (random.random(rows) < before + smallest).astype(float)
        seen += measure_label_drift(Comparison(drawn, replace(base, labels=labels), POLICY))[0].verdict is Verdict.FAIL
    assert seen / 200 == pytest.approx(0.80, abs=0.09)


def test_the_same_windows_give_the_same_findings_bit_for_bit():
    window = observe(income=lambda f: f["income"] * 1.2)
    assert measure(window) == measure(window)


def test_the_order_of_the_rows_does_not_matter_to_the_counts():
    window = observe()
    order = np.random.default_rng(0).permutation(2_000)
    shuffled = ScoredWindow(window.applications.iloc[order], window.labels[order], window.scores[order])
    for one, other in zip(measure(window), measure(shuffled), strict=True):
        assert one.verdict == other.verdict
        if one.check in ("distribution", "never_seen", "missing", "approval_rate"):
            assert one == other


def test_equal_rows_are_in_one_half():
    """A double load must not teach the classifier what it is judged on."""
    codes = PROFILE.codes
    halves = make_halves(codes, codes, seed=1)
    np.testing.assert_array_equal(halves.half[:2_000], halves.half[2_000:])
    assert halves.half.mean() == pytest.approx(0.5, abs=0.05)
    hashes = hash_code_rows(codes, 1)
    assert len(np.unique(hashes)) == len(np.unique(codes, axis=0))


def test_repeated_rows_raise_no_alarm():
    window = observe(700)
    twice = pd.concat([window.applications] * 3, ignore_index=True)
    told = separate_windows(PROFILE.codes, PROFILE.encode(twice), POLICY)
    assert told.auc < 0.53
    assert told.p_value > POLICY.joint_level


def test_the_joint_verdict_does_not_rest_on_the_sample(monkeypatch):
    """With a third of the rows looked at, what is seen and what is not stays the same."""
    windows = [observe(9_000), observe(9_000, debt=lambda f: np.random.default_rng(0).permutation(f["debt"]))]
    profile = make_profile(9_000)
    whole = [separate_windows(profile.codes, profile.encode(window.applications), POLICY) for window in windows]
    monkeypatch.setattr("tasks.drift.domain_classifier.SAMPLE_ROWS", 3_000)
    part = [separate_windows(profile.codes, profile.encode(window.applications), POLICY) for window in windows]
    for one, other in zip(whole, part, strict=True):
        assert (one.p_value <= POLICY.joint_level) == (other.p_value <= POLICY.joint_level)
        assert one.auc == pytest.approx(other.auc, abs=0.05)
