"""The domain classifier: what only all columns together show, and what it must not learn."""

import numpy as np
import pandas as pd
import pytest

from tasks.core.findings import Question
from tasks.core.policy import DriftPolicy
from tasks.drift.check import measure_drift
from tasks.drift.comparison import Comparison
from tasks.drift.domain_classifier import separate_windows
from tasks.drift.halves import hash_code_rows, make_halves
from tests.support.windows_to_compare import find, list_failed, make_profile, observe

POLICY = DriftPolicy()
DATA, LABEL, CONCEPT = Question.DATA, Question.LABEL, Question.CONCEPT
PROFILE = make_profile()


def measure(observed, profile=PROFILE, policy=POLICY):
    return measure_drift(Comparison(profile, observed, policy))


def test_a_broken_relation_is_seen_where_every_column_alone_looks_the_same():
    window = observe(debt=lambda frame: np.random.default_rng(0).permutation(frame["debt"]))
    assert list_failed(measure(window)) == {(DATA, "joint_shape", "")}
    assert set(find(measure(window), "joint_shape").columns) == {"income", "debt"}


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
        assert one.auc != other.auc, "the sample was the same"
