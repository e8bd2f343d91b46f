"""Refused applications: no outcome is waited for, and none is guessed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from tasks.contract.load import load_contract
from tasks.core.scored_window import ScoredWindow
from tasks.core.windows import Window
from tasks.models.preprocess import Prepared, concatenate
from tasks.models.refused import find_refused
from tasks.models.ripening import describe_usual, find_ripe_rows
from tasks.models.train import list_others, list_undecided
from tasks.profile.profile import fit_profile
from tests.support.scored_loans import DECISION, write_contract
from tests.support.small_model import make_applications

JUNE = Window(date(2024, 6, 1), date(2024, 6, 30))


@pytest.fixture
def contract(tmp_path):
    """The demo's contract with a score and a decision."""
    return load_contract(write_contract(tmp_path, more=DECISION))


def make_june(contract, rows=3_000):
    """June with outcomes for the loans given only; those of the last five days are still to come."""
    random = np.random.default_rng(5)
    days = np.datetime64("2024-06-01") + np.sort(random.integers(0, 30, rows)).astype("timedelta64[D]")
    given = random.random(rows) < 0.4
    labels = np.where(given, (random.random(rows) < 0.8).astype(float), np.nan)
    labels[days > np.datetime64("2024-06-25")] = np.nan
    frame = make_applications(contract, rows).assign(decided=np.where(given, "given", "refused"))
    return Prepared(frame, labels, days, random.integers(0, 2**60, rows).astype(np.uint64)), given


def test_refused_rows_are_those_without_an_outcome_where_only_loans_given_have_one(contract):
    rows, given = make_june(contract)
    refused = find_refused(contract, rows.applications, rows.labels)
    np.testing.assert_array_equal(refused, ~given)
    everybody = np.where(np.isnan(rows.labels), 0.0, rows.labels)
    assert find_refused(contract, rows.applications, everybody) is None
    assert find_refused(contract, rows.applications, rows.labels, is_given_only=False) is None
    undecided = rows.applications.assign(decided=None)
    assert not find_refused(contract, undecided, rows.labels, is_given_only=True).any()
    assert find_refused(load_contract("loan_applications"), rows.applications, rows.labels) is None


def test_nobody_waits_for_the_outcome_of_a_refused_application(contract):
    rows, _ = make_june(contract)
    rows = replace(rows, refused=find_refused(contract, rows.applications, rows.labels))
    waiting = find_ripe_rows(None, contract, JUNE, rows.take(rows.days <= np.datetime64("2024-06-25")))
    assert waiting.undecided == 0
    assert len(list_undecided(rows)) == 0
    assert len(list_others(rows)) == int(np.isnan(rows.labels).sum())
    both = concatenate([rows, replace(rows, refused=None)])
    assert both.refused.sum() == rows.refused.sum()


def test_the_reference_holds_all_applicants_and_figures_say_on_which_rows_they_rest(contract):
    rows, given = make_june(contract)
    refused = find_refused(contract, rows.applications, rows.labels)
    scores = np.random.default_rng(2).random(len(rows))
    window = ScoredWindow(rows.applications, rows.labels, scores, rows.keys, days=rows.days, refused=refused)
    profile = fit_profile(contract, window, origin="holdout", seed=1)
    assert (profile.rows, profile.is_given_only) == (len(rows), True)
    assert profile.labelled == profile.judged == int((~np.isnan(rows.labels)).sum())
    usual = describe_usual(replace(profile, undecided=7))
    assert (usual.undecided, usual.rows) == (7, profile.labelled + 7)
    assert window.is_open.sum() == int((given & np.isnan(rows.labels)).sum())
    assert f"{profile.labelled:,} of 3,000 applications with an outcome" in window.rests_on
    assert not replace(window, refused=None).rests_on


def test_a_row_without_a_score_counts_for_applicants_and_labels_only(contract):
    rows, _ = make_june(contract)
    labels = np.where(np.isnan(rows.labels), 0.0, rows.labels)
    scores = np.random.default_rng(2).random(len(rows))
    whole = fit_profile(
        contract, ScoredWindow(rows.applications, labels, scores, days=rows.days), origin="holdout", seed=1
    )
    some = np.where(np.arange(len(rows)) % 3 == 0, np.nan, scores)
    part = fit_profile(
        contract, ScoredWindow(rows.applications, labels, some, days=rows.days), origin="holdout", seed=1
    )
    assert (part.rows, part.labelled, part.positive) == (whole.rows, whole.labelled, whole.positive)
    for before, now in zip(whole.counts, part.counts, strict=True):
        np.testing.assert_array_equal(before, now)
    assert part.judged == int((~np.isnan(some)).sum()) == int(part.score_bins.rows.sum())
    kept = ~np.isnan(some)
    alone = ScoredWindow(rows.applications.loc[kept], labels[kept], some[kept], days=rows.days[kept])
    assert part.auc == fit_profile(contract, alone, origin="holdout", seed=1).auc
    assert part.day_effects.label == whole.day_effects.label


def test_unscored_windows_are_not_enough_data(contract):
    from tasks.core.findings import Question, Verdict, summarise
    from tasks.core.policy import DriftPolicy
    from tasks.drift.check import measure_drift
    from tasks.drift.comparison import Comparison
    from tasks.drift.model import measure_model_drift

    rows, _ = make_june(contract)
    labels, scores = np.where(np.isnan(rows.labels), 0.0, rows.labels), np.random.default_rng(2).random(len(rows))
    window = ScoredWindow(rows.applications, labels, scores, days=rows.days)
    profile = fit_profile(contract, window, origin="holdout", seed=1)
    unscored = replace(window, scores=np.full(len(rows), np.nan), note="Version 2 scores.")
    comparison = Comparison(profile, unscored, DriftPolicy())
    findings = [*measure_drift(comparison), *measure_model_drift(comparison)]
    silent = Verdict.NOT_ENOUGH_DATA
    assert [summarise(findings, question) for question in (Question.CONCEPT, Question.MODEL)] == [silent, silent]
    assert summarise(findings, Question.LABEL) is Verdict.PASS
    assert all("Version 2 scores." in found.sentence for found in findings if found.verdict is silent)
