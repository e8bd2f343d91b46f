"""Model drift: ranking and calibration on decided applications, and the expected AUC on those that are not."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from tasks.core.findings import Question, Verdict, summarise
from tasks.core.policy import DriftPolicy
from tasks.drift.comparison import Comparison
from tasks.drift.model import compare_auc, measure_model_drift, report_weakness
from tasks.statistics.auc import measure_auc
from tasks.statistics.counted_auc import Auc
from tests.support.windows_to_compare import find, make_profile, observe

POLICY = DriftPolicy()
PROFILE = make_profile(3_000)


def measure(observed, profile=PROFILE):
    return measure_model_drift(Comparison(profile, observed, POLICY))


def hide(window, rows=None):
    rows = np.ones(len(window.labels), dtype=bool) if rows is None else rows
    return replace(window, labels=np.where(rows, np.nan, window.labels))


def keep_rows(window, rows):
    return replace(
        window, applications=window.applications.iloc[rows], labels=window.labels[rows], scores=window.scores[rows]
    )


def test_the_same_model_on_the_same_applicants_is_as_good():
    for seed in (1, 2, 3):
        assert summarise(measure(observe(3_000, seed=seed)), Question.MODEL) is Verdict.PASS


def test_the_auc_is_scikit_learns_and_the_test_is_delongs():
    window = observe(3_000)
    finding = find(measure(window), "auc")
    assert finding.current == pytest.approx(roc_auc_score(window.labels, window.scores))
    assert finding.reference == pytest.approx(roc_auc_score(PROFILE.labels, PROFILE.scores))
    alone = compare_auc(PROFILE.auc, measure_auc(window.labels, window.scores), POLICY).finding
    assert alone.p_value == pytest.approx(stats.norm.sf(finding.effect / finding.standard_error))


def test_the_model_tests_share_one_budget():
    """Holm's correction: the surest of them is tested at half of the level."""
    window = observe(3_000)
    flipped = replace(window, labels=np.where(np.arange(3_000) % 30 == 0, 1 - window.labels, window.labels))
    alone = compare_auc(PROFILE.auc, measure_auc(flipped.labels, flipped.scores), POLICY).finding.p_value
    together = {finding.check: finding.p_value for finding in measure(flipped)}
    assert min(together, key=together.get) == "auc"
    assert together["auc"] == pytest.approx(2 * alone)


def test_a_worse_ranking_fails_and_a_better_one_does_not():
    window = observe(3_000)
    flipped = np.where(np.arange(3_000) % 10 == 0, 1 - window.labels, window.labels)
    assert find(measure(replace(window, labels=flipped)), "auc").verdict is Verdict.FAIL
    perfect = replace(window, labels=(window.scores > 0.5).astype(float))
    assert find(measure(perfect), "auc").verdict is Verdict.PASS


def test_a_worse_calibration_fails_although_the_ranking_is_the_same():
    window = observe(3_000)
    odds = np.log(window.scores / (1 - window.scores)) + 0.8
    shifted = replace(window, scores=1 / (1 + np.exp(-odds)))
    findings = measure(shifted)
    assert find(findings, "auc").verdict is Verdict.PASS
    assert find(findings, "calibration").verdict is Verdict.FAIL
    assert find(findings, "calibration").current == pytest.approx(np.mean(shifted.scores - window.scores), abs=0.015)


def test_a_better_calibration_is_no_drift():
    window = observe(3_000)
    profile = replace(PROFILE, scores=np.clip(PROFILE.scores + 0.15, 0, 1))
    assert find(measure(window, profile), "calibration").verdict is Verdict.PASS


def test_without_labels_the_auc_is_estimated_and_the_question_stays_open():
    window = observe(3_000)
    findings = measure(hide(window))
    assert find(findings, "auc").verdict is Verdict.NOT_RUN
    estimated = find(findings, "estimated_auc")
    assert estimated.current == pytest.approx(roc_auc_score(window.labels, window.scores), abs=0.02)
    assert estimated.reference == PROFILE.auc.value
    assert estimated.current == pytest.approx(estimated.reference - estimated.effect)
    assert "assumes that the share of the positive decision at a given score has not changed" in estimated.sentence
    assert summarise(findings, Question.MODEL) is Verdict.NOT_RUN


def test_the_estimate_follows_the_applicants():
    """Only applicants of middling scores: harder to rank. The estimate sees it before any decision is known."""
    window = observe(12_000)
    middling = keep_rows(window, np.flatnonzero(np.abs(window.scores - 0.5) < 0.3)[:3_000])
    estimated = find(measure(hide(middling)), "estimated_auc")
    assert estimated.verdict is Verdict.FAIL
    assert estimated.current == pytest.approx(roc_auc_score(middling.labels, middling.scores), abs=0.02)


@pytest.mark.slow
def test_the_estimate_has_no_bias_where_its_assumption_holds():
    errors = []
    for seed in range(1, 31):
        window = observe(2_000, seed=seed)
        estimate = find(measure(hide(window), make_profile(2_000, seed=200 + seed)), "estimated_auc").current
        errors.append(estimate - roc_auc_score(window.labels, window.scores))
    assert abs(np.mean(errors)) < 3 * np.std(errors) / np.sqrt(30)


def test_the_estimate_cannot_see_a_changed_rule():
    """Its limit, which its sentence says: labels flipped behind its back leave it unmoved."""
    window = observe(3_000)
    flipped = replace(window, labels=1 - window.labels)
    assert find(measure(hide(flipped)), "estimated_auc") == find(measure(hide(window)), "estimated_auc")


def test_only_undecided_rows_are_estimated():
    window = observe(3_000)
    assert not [one for one in measure(window) if one.check == "estimated_auc"]
    half = measure(hide(window, np.arange(3_000) % 2 == 0))
    assert "1,500 applications that are not decided yet" in find(half, "estimated_auc").sentence
    assert find(half, "auc").verdict is Verdict.PASS


def test_what_cannot_be_asked_is_no_all_clear():
    few = measure(observe(150))
    assert summarise(few, Question.MODEL) is Verdict.NOT_ENOUGH_DATA
    window = observe(1_000)
    one_class = measure(replace(window, labels=np.zeros(1_000)))
    assert summarise(one_class, Question.MODEL) is Verdict.NOT_ENOUGH_DATA
    reference = measure(window, make_profile(1_000, status="yes"))
    assert summarise(reference, Question.MODEL) is Verdict.NOT_ENOUGH_DATA
    few_known = measure(hide(observe(220), np.arange(220) < 150))
    assert summarise(few_known, Question.MODEL) is Verdict.NOT_ENOUGH_DATA


@pytest.mark.parametrize(("auc", "is_weak"), [(0.615, True), (0.7, False), (0.9, False)])
def test_a_weak_model_is_a_warning_that_says_what_it_hinders(auc, is_weak):
    findings = report_weakness(Auc(auc, 1e-4), 0.7)
    assert [finding.verdict for finding in findings] == [Verdict.WARN] * is_weak
    for finding in findings:
        assert "0.615" in finding.sentence
        assert "`promotion.minimum_auc`" in finding.sentence
        assert "quality, data and label drift do not depend on it" in finding.sentence


def test_a_model_of_one_decision_is_told():
    (finding,) = report_weakness(None, 0.7)
    assert finding.verdict is Verdict.WARN
    assert "ranks nobody" in finding.sentence


def test_few_of_one_decision_judge_no_model():
    """Of 8 positive decisions DeLong's error is far too small: an AUC of 0.81 that is 0.50 on later rows."""
    labels = np.zeros(1_000)
    labels[:20] = 1
    few = measure(replace(observe(1_000), labels=labels))
    assert summarise(few, Question.MODEL) is Verdict.NOT_ENOUGH_DATA
    assert any("holds only 20 of one of the two decisions" in finding.sentence for finding in few)


def test_a_few_undecided_rows_leave_the_question_answered():
    findings = measure(hide(observe(1_000), np.arange(1_000) < 50))
    assert summarise(findings, Question.MODEL) is Verdict.PASS


def test_every_quiet_answer_says_what_it_could_have_seen():
    for one in measure(observe(3_000)):
        assert one.smallest_detectable > one.limit
        assert "in 4 of 5 cases" in one.sentence


def test_the_same_windows_give_the_same_findings_bit_for_bit():
    window = hide(observe(2_000), np.arange(2_000) % 2 == 0)
    assert measure(window) == measure(window)
