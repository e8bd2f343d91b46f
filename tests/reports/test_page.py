"""The run report: what it says, whatever a run found, and how it looks in a real browser."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from tasks.contract.columns import Column, Role
from tasks.contract.load import load_contract
from tasks.core.findings import Finding, Question, Verdict, summarise
from tasks.core.policy import MonitorPolicy
from tasks.core.scored_window import ScoredWindow
from tasks.drift.check import measure_drift
from tasks.drift.comparison import Comparison
from tasks.drift.model import measure_model_drift
from tasks.drift.onset import date_changes
from tasks.extract.labels import read_labels
from tasks.job.stages import order_stages
from tasks.profile.bins import fit_bins
from tasks.profile.profile import fit_profile
from tasks.promotion.decide import decide
from tasks.reports.page.champion import list_areas
from tasks.reports.page.changes import make_cards
from tasks.reports.page.evidence import Evidence
from tasks.reports.page.model_pictures import name_group
from tasks.reports.page.page import render_report, write_report
from tasks.reports.page.wording import write_headline
from tasks.reports.summary import SCHEMA
from tests.support.browser import (
    audit,
    is_too_wide,
    list_broken_words,
    list_cut_tables,
    needs_chromium,
    open_tab,
)
from tests.support.card_frames import HOSTILE, make_frame, score
from tests.support.page_script import leave_out_script
from tests.support.second_lender import CONTRACT
from tests.support.wait import PATIENCE, wait_until

POLICY = MonitorPolicy()


def make_evidence(window: pd.DataFrame, *, undecided: bool = False) -> Evidence:
    contract = load_contract(CONTRACT)
    reference = make_frame(1, 3000)
    profile = fit_profile(
        contract, ScoredWindow(reference, read_labels(contract, reference), score(reference)), origin="holdout", seed=0
    )
    labels = read_labels(contract, window)
    days = np.datetime64("2023-07-01") + np.arange(len(labels)) * 31 // len(labels)
    decided = np.full(len(labels), np.nan) if undecided else labels
    observed = ScoredWindow(window, decided, score(window), days=days)
    return Evidence(Comparison(profile, observed, POLICY.drift), contract)


def make_summary(evidence: Evidence, **changes: object) -> dict:
    """The record of a run that ends without training; the numbers are measured, not made up."""
    judged = [*measure_drift(evidence.comparison), *measure_model_drift(evidence.comparison)]
    findings = [
        Finding(Question.QUALITY, "rows", Verdict.PASS, "The window holds enough applications."),
        *date_changes(judged, evidence.comparison),
    ]
    decision = decide(findings, POLICY.decision)
    performance = {"rows": 500, "auc": 0.8, "accuracy": 0.7, "precision": 0.7, "recall": 0.7, "f1": 0.7, "brier": 0.1}
    days = {"start": "2023-07-01", "end": "2023-07-31"}
    rows = len(evidence.observed.labels)
    return {
        "schema": SCHEMA,
        "job_id": "20230801T060000-3f9a1c",
        "job_type": "monitor",
        "contract": {"name": "requests", "description": "Card requests.", "target": "answer", "positive": "yes"},
        "outcome": str(decision.outcome or "kept"),
        "reason": decision.reason,
        "window": {**days, "applications": rows, "labelled": int(np.sum(~np.isnan(evidence.observed.labels)))},
        "reference": {
            "start": "2023-01-01", "end": "2023-06-30", "windows": [["2023-01-01", "2023-06-30"]],
            "applications": 3000, "labelled": 3000,
        },
        "verdicts": {str(question): str(summarise(findings, question)) for question in Question},
        "findings": [finding.as_record() for finding in findings],
        "champion": {
            "version": 1, "kind": "random_forest", "trained_by_this_run": False, "is_replay": False,
            "artifact": "models/x", "sha256": "0" * 64,
            "metrics": {"judged_on": "2023-06-01 to 2023-06-30", "test": performance, "training": performance},
        },
        "champion_after": 1,
        "comparison": None,
        "self_checks": [],
        "stages": order_stages([]),
        "seconds": 12.0,
        "started_at": datetime(2023, 8, 1, 6, tzinfo=UTC).isoformat(),
        "finished_at": datetime(2023, 8, 1, 6, 1, tzinfo=UTC).isoformat(),
        "results": "results/x",
        "command": "python -m flows.monitor",
        "policy": POLICY.model_dump(mode="json"),
        "versions": {"python": "3.12"},
        "hashes": {"contract": "0" * 64, "deploy_report": None},
        "pages": {"report": "report.html"},
        **changes,
    }  # fmt: skip


def make_drifted() -> Evidence:
    """Salaries that have moved, and words that are markup."""
    window = make_frame(2)
    window["yearly_salary"] *= 1.4
    words = window["channel"].astype(object)
    words.iloc[:200] = HOSTILE
    window["channel"] = words.astype("category")
    return make_evidence(window)


@pytest.fixture(scope="module")
def drifted() -> tuple[dict, Evidence]:
    evidence = make_drifted()
    return make_summary(evidence), evidence


@pytest.fixture(scope="module")
def undecided() -> tuple[dict, Evidence]:
    evidence = make_evidence(make_frame(3), undecided=True)
    return make_summary(evidence), evidence


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    with open_tab(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


def test_the_interval_of_an_estimated_auc_holds_the_noise_of_the_references_labels(undecided):
    """The error of the loss, by which it is judged, leaves out what both windows share."""
    summary, evidence = undecided
    reference, estimated = list_areas(summary, evidence)
    finding = next(one for one in summary["findings"] if one["check"] == "estimated_auc")
    reach = (estimated.value - estimated.low) / 1.96
    assert reach == pytest.approx(evidence.comparison.estimate.now_error, rel=0.01)
    assert reach > 1.2 * finding["standard_error"]
    assert reach > 0.9 * (reference.value - reference.low) / 1.96


def test_a_shift_is_told_in_the_features_own_unit(drifted):
    summary, evidence = drifted
    card = next(card for card in make_cards(summary, evidence) if card.title == "yearly_salary")
    assert card.shift.startswith("median ")
    assert re.search(r"→ [\d,]+ EUR a year \(\+(3[5-9]|4[0-5]) %\)", card.shift)
    assert card.pictures
    page = render_report(summary, evidence)
    assert card.shift in page
    finding = next(f for f in summary["findings"] if f["subject"] == "yearly_salary" and f["verdict"] == "fail")
    assert finding["sentence"] in page.replace("&#39;", "'")


def test_a_card_draws_the_days_of_the_finding_that_is_dated_best(drifted):
    summary, evidence = drifted
    card = next(card for card in make_cards(summary, evidence) if card.title == "yearly_salary")
    drawn = [picture for picture in card.pictures if ", by day" in picture]
    assert len(drawn) == 1
    assert drawn[0].count('class="now-dot"') == 31
    assert any("The whole window differs" in alarm.sentence for alarm in card.alarms)
    old = [{key: value for key, value in finding.items() if key != "onset"} for finding in summary["findings"]]
    cards = make_cards({**summary, "findings": old}, evidence)  # a record from before there were onsets
    assert not any(", by day" in picture for card in cards for picture in card.pictures)


def test_groups_of_values_have_names():
    frame = make_frame(1).assign(channel=np.resize(list("abcdefgh"), 1_500))
    frame["rating"] = frame["rating"].where(frame["rating"].astype(str) != "d")
    named = {}
    for column in load_contract(CONTRACT).features:
        bins = fit_bins(column, frame[column.name])
        group = bins.group_codes(np.bincount(bins.encode(frame[column.name]), minlength=bins.levels + 1))
        named[column.name] = [name_group(bins, np.flatnonzero(group == number)) for number in np.unique(group)]
    assert named["channel"] == ["a", "b", "c", "d", "e", "(other categories)", "(missing)"]
    assert named["rating"][-2:] == ["a", "(missing)"]
    assert named["yearly_salary"][-2:] == ["(missing)", "salary not stated"]
    assert named["yearly_salary"][0].startswith("from ")
    assert named["yearly_salary"][-3].endswith(" or more")


def test_names_of_limits_are_set_as_code():
    evidence = make_evidence(make_frame(2))
    page = render_report(make_summary(evidence, reason="Kept, by `promotion.minimum_auc` <b>."), evidence)
    assert "Kept, by <code>promotion.minimum_auc</code> &lt;b&gt;." in page


def test_words_of_the_data_are_text(drifted):
    page = leave_out_script(render_report(*drifted))
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_no_applicants_record_is_shown(drifted):
    summary, evidence = drifted
    numbers = [f"request-{number}" for number in evidence.observed.applications["request_no"]]
    named = evidence.observed.applications.assign(request_no=numbers)
    observed = replace(evidence.observed, applications=named)
    held = Evidence(Comparison(evidence.profile, observed, POLICY.drift), evidence.contract)
    assert "request-" not in render_report(summary, held)


def test_an_open_question_is_never_green(undecided):
    summary, evidence = undecided
    assert summary["outcome"] == "undecided"
    page = render_report(summary, evidence)
    assert '<span class="pill undecided">undecided</span>' in page
    assert '<li class="not_run"><span class="name">Label drift' in page
    assert "not an all-clear" in page
    assert "could not be tested" in write_headline(summary)


def test_a_run_on_unfit_data_has_a_page_without_pictures():
    evidence = make_evidence(make_frame(3))
    failed = Finding(Question.QUALITY, "rows", Verdict.FAIL, "The window holds 5 applications.", rows=("17", "18"))
    verdicts = {str(question): "not_run" for question in Question} | {"quality": "fail"}
    summary = make_summary(
        evidence,
        outcome="quality_failed",
        verdicts=verdicts,
        findings=[failed.as_record()],
        champion=None,
        reference=None,
    )
    page = render_report(summary, None)
    assert "unfit for use" in page
    assert "The window holds 5 applications." in page
    assert "17, 18" in page
    assert "Significant changes" not in page


@pytest.mark.slow
def test_the_page_is_small_for_a_million_rows_of_25_features_that_all_moved(tmp_path):
    contract = load_contract(CONTRACT)
    more = [f"measure_{number}" for number in range(25 - sum(c.role is Role.FEATURE for c in contract.columns))]
    columns = (*contract.columns, *(Column(name=name, role=Role.FEATURE, type="number") for name in more))
    contract = contract.model_copy(update={"columns": columns})
    assert len(contract.features) == 25
    random = np.random.default_rng(5)

    def widen(frame: pd.DataFrame, shift: float) -> pd.DataFrame:
        return frame.assign(**{name: random.normal(shift, 1.0, len(frame)) for name in more})

    reference = widen(make_frame(1, 3000), 0.0)
    window = widen(pd.concat([make_frame(4, 9000)] * 112, ignore_index=True), 0.5)
    profile = fit_profile(
        contract, ScoredWindow(reference, read_labels(contract, reference), score(reference)), origin="holdout", seed=0
    )
    observed = ScoredWindow(window, read_labels(contract, window), score(window))
    evidence = Evidence(Comparison(profile, observed, POLICY.drift), contract)
    summary = make_summary(evidence)
    write_report(tmp_path / "report.html", summary, evidence)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert all(name in page for name in more)
    assert page.count("<svg") >= 20
    assert len(page.encode()) < 1_500_000


@needs_chromium
@pytest.mark.parametrize("width", [1400, 768, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("told", ["drifted", "undecided"])
def test_the_page_in_a_browser(tab, tmp_path, request, told, width, scheme):
    summary, evidence = request.getfixturevalue(told)
    page = tmp_path / "report.html"
    write_report(page, summary, evidence)
    seen = tab.open(page, width, scheme)
    assert seen.complaints == []
    assert seen.requests == [page.as_uri()]
    assert audit(tab) == []
    assert not is_too_wide(tab)
    assert list_cut_tables(tab) == []
    assert list_broken_words(tab) == []
    assert tab.run("document.title") != "hacked"


@needs_chromium
def test_a_table_is_sorted_and_filtered_by_the_pages_script(tab, tmp_path, drifted):
    page = tmp_path / "report.html"
    write_report(page, *drifted)
    tab.open(page, 1400)
    rows = "[...document.querySelectorAll('#checks-data tbody tr')].filter((row) => !row.hidden)"
    names = rows + ".map((row) => row.cells[{}].innerText)"
    tab.run("document.querySelectorAll('details').forEach((d) => (d.open = true))")
    before = tab.run(names.format(5))
    tab.run("document.querySelectorAll('#checks-data th button')[5].click()")
    changes = [float(text.split()[0]) for text in tab.run(names.format(5)) if text]
    assert len(changes) > 5
    assert changes == sorted(changes)
    tab.run("document.querySelectorAll('#checks-data th button')[5].click()")
    assert [float(text.split()[0]) for text in tab.run(names.format(5)) if text] == changes[::-1]
    assert sorted(before) == sorted(tab.run(names.format(5)))
    tab.run("document.querySelector('#checks ~ .filter input').value = 'SALARY'")
    tab.run("document.querySelector('#checks ~ .filter input').dispatchEvent(new Event('input'))")
    shown = tab.run(names.format(0))
    assert 2 <= len(shown) < len(before)
    assert all("yearly_salary" in name for name in shown)
    assert "shown" in tab.run("document.querySelector('#checks ~ .filter output').innerText")


@needs_chromium
def test_a_notice_opens_the_section_that_it_leads_to(tab, tmp_path, drifted):
    summary, evidence = drifted
    page = tmp_path / "report.html"
    limits = {**summary["policy"], "drift": {**summary["policy"]["drift"], "label_limit": 0.05}}
    write_report(page, {**summary, "policy": limits}, evidence)
    tab.open(page, 1400)
    is_open = "document.getElementById('policy').closest('details').open"
    assert tab.run(is_open) is False
    tab.run("document.querySelector('.notices a[href=\"#policy\"]').click()")
    wait_until(lambda: tab.run(is_open), PATIENCE, "the section")
