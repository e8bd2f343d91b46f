"""All questions of drift at once: what raises no alarm, what cannot be said, and that it is said the same again."""

from dataclasses import replace

import numpy as np

from tasks.core.findings import Question, Verdict, summarise
from tasks.core.policy import DriftPolicy
from tasks.core.scored_window import ScoredWindow
from tasks.drift.check import measure_drift
from tasks.drift.comparison import Comparison
from tasks.profile.profile import fit_profile
from tests.support.windows_to_compare import CONTRACT, list_failed, make_profile, make_window, observe

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
    assert summarise(one_class, CONCEPT) is Verdict.NOT_ENOUGH_DATA
    assert summarise(one_class, LABEL) is Verdict.FAIL  # half of the reference's decisions are the other one


def test_every_quiet_answer_says_what_it_could_have_seen():
    for one in measure(observe()):
        assert one.verdict is Verdict.PASS
        assert one.smallest_detectable > one.limit
        assert "in 4 of 5 cases" in one.sentence


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


def test_a_model_that_gives_everybody_the_same_score_hinders_no_verdict():
    """The reference hardly had one of the decisions, so that nothing could be learnt."""
    frame, _ = make_window(3_000, 4)
    same = np.full(3_000, 0.02)
    labels = (np.random.default_rng(1).random(3_000) < 0.02).astype(float)
    profile = fit_profile(CONTRACT, ScoredWindow(frame, labels, same), origin="holdout", seed=1)
    later = (np.random.default_rng(2).random(3_000) < 0.02).astype(float)
    window = ScoredWindow(make_window(3_000, 5)[0], later, same)
    quiet = measure(window, profile)
    assert {summarise(quiet, question) for question in (DATA, LABEL, CONCEPT)} == {Verdict.PASS}
    risen = measure(replace(window, labels=(np.random.default_rng(2).random(3_000) < 0.06).astype(float)), profile)
    assert summarise(risen, LABEL) is Verdict.FAIL
