"""Label drift: points of the approval rate, and how large a change is seen."""

from dataclasses import replace

import numpy as np
import pytest

from tasks.core.findings import Question, Verdict
from tasks.core.policy import DriftPolicy
from tasks.drift.check import measure_drift
from tasks.drift.comparison import Comparison
from tasks.drift.label import measure_label_drift
from tests.support.windows_to_compare import find, make_profile, observe

POLICY = DriftPolicy()
DATA, LABEL, CONCEPT = Question.DATA, Question.LABEL, Question.CONCEPT
PROFILE = make_profile()


def measure(observed, profile=PROFILE, policy=POLICY):
    return measure_drift(Comparison(profile, observed, policy))


def test_label_drift_is_points_of_the_approval_rate():
    flipped = observe(status=lambda f: np.where(f.index % 8 == 0, "yes", f["status"]))
    finding = find(measure(flipped), "approval_rate")
    assert finding.verdict is Verdict.FAIL
    assert finding.effect == pytest.approx(finding.current - finding.reference)
    assert "of decided applications" in finding.sentence


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
