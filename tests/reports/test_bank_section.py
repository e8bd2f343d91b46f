"""The section "In the bank's terms": on the report, beside a comparison, in the history and in the artifact."""

from __future__ import annotations

import re
from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest

from tasks.bank.contest import compare_in_banks_terms
from tasks.bank.numbers import measure_bank_numbers
from tasks.core.positive import Positive
from tasks.prefect_ui.verdict_artifact import render_verdict
from tasks.reports.history.bank import show_bank_history
from tasks.reports.history.records import PastRun
from tasks.reports.page.bank import explain_changes, show_bank
from tasks.reports.page.page import render_report, write_report
from tasks.reports.page.swap_set import show_swap_set
from tasks.reports.page.template import render_fragment
from tasks.reports.summary import Run
from tests.reports.test_page import make_drifted, make_summary
from tests.support.browser import audit, is_too_wide, needs_chromium, open_tab


@pytest.fixture(scope="module")
def drifted() -> tuple[dict, object]:
    evidence = make_drifted()
    numbers = measure_bank_numbers(evidence.contract, evidence.comparison, 0.5)
    return make_summary(evidence, bank=numbers.as_record()), evidence


def test_the_page_shows_numbers_bands_and_what_they_say(drifted):
    summary, evidence = drifted
    page = render_report(summary, evidence)
    section = page[page.index('<section class="bank">') :]
    section = section[: section.index("</section>")]
    for name in ("PSI of the score", "KS", "Gini", "Score bands", "Capture and lift", "PSI of each column"):
        assert name in section
    assert "no verdict and no alarm depends on these numbers" in section
    assert f"PSI of a column (CSI): {summary['bank']['columns'][0]['column']}" in section
    assert section.count("<svg") == 1
    assert "<script" not in section


def test_a_record_from_before_has_no_section(drifted):
    summary, evidence = drifted
    page = render_report({key: value for key, value in summary.items() if key != "bank"}, evidence)
    assert '<section class="bank">' not in page
    assert show_bank({**summary, "bank": None}) is None


def test_a_fault_in_them_loses_no_verdict(drifted):
    _, evidence = drifted
    broken = SimpleNamespace(profile=None, observed=evidence.observed, codes=None)
    champion = SimpleNamespace(bundle=SimpleNamespace(scorer=None))
    run = SimpleNamespace(
        job=SimpleNamespace(contract=evidence.contract),
        comparison=broken,
        champion=champion,
        cut_off=SimpleNamespace(threshold=0.5),
    )
    assert Run.bank.func(run) is None


def test_the_sentences_say_direction_size_and_noise():
    def part(value, error=0.004):
        return {"value": value, "error": error}

    change = {"reference": 0.80, "window": 0.75, "total": part(-0.05), "mix": part(-0.06), "rule": part(0.01)}
    still = {**change, "total": part(0.001), "window": 0.801}
    rate, auc = explain_changes({"rate": change, "auc": still}, Positive("yes"))
    assert rate == (
        'The share of "yes" fell by 5.0 points, from 80.0 % to 75.0 %: −6.0 points (standard error 0.4 points) goes '
        "with other applicants, +1.0 points (standard error 0.4 points) with another outcome for equal applicants."
    )
    assert "rose by 0.001, from 0.800 to 0.801, which is within noise" in auc
    assert explain_changes(None, Positive()) == []


def test_the_swap_set_stands_beside_the_comparison(drifted):
    summary, evidence = drifted
    random = np.random.default_rng(1)
    labels, champion = (random.random(500) < 0.5).astype(float), random.random(500)
    record = compare_in_banks_terms(evidence.contract, labels, champion, random.random(500), 0.5)
    swap = show_swap_set({**summary, "comparison": {"bank": record}})
    shown = render_fragment("swap_set.html.j2", swap=swap, glossary=None)
    assert "newly given" in shown
    assert re.search(r"The share of good ones is [\d.]+ points (higher|lower) among the newly given", shown)
    assert show_swap_set(summary) is None
    assert show_swap_set({**summary, "comparison": {}}) is None


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    with open_tab(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


@needs_chromium
@pytest.mark.parametrize("width", [1400, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_section_in_a_browser(tab, tmp_path, drifted, width, scheme):
    page = tmp_path / "report.html"
    write_report(page, *drifted)
    seen = tab.open(page, width, scheme)
    assert seen.complaints == []
    assert seen.requests == [page.as_uri()]
    assert audit(tab) == []
    assert not is_too_wide(tab)


def make_run(month: int, psi: float, gini: float | None) -> PastRun:
    window = None if gini is None else {"ks": 0.4, "gini": gini, "low": gini - 0.1, "high": gini + 0.1}
    bank = {"psi": {"value": psi, "chance_limit": 0.01, "window_rows": 2000}, "reference": None, "window": window}
    days = date(2024, month, 1), date(2024, month, 28)
    return PastRun("loans", f"run-{month}", None, 1.0, None, "", *days, "stable", False, [], bank)


def test_the_history_has_a_picture_for_each_number():
    history = show_bank_history([make_run(1, 0.02, 0.6), make_run(2, 0.3, None), make_run(3, 0.12, 0.3)])
    assert [row.psi_band for row in history.rows] == ["stable", "large change", "some change"]
    assert [row.gini_band for row in history.rows] == ["very good", "", "fair"]
    assert len(history.pictures) == 3
    assert "January 2024: 0.020; February 2024: 0.300" in history.pictures[0]
    assert history.pictures[0].count("some change") == 1
    assert show_bank_history([]) is None


def test_a_window_without_labels_has_no_ks_in_the_history():
    history = show_bank_history([make_run(2, 0.3, None)])
    assert len(history.pictures) == 1


@pytest.mark.slow
def test_the_artifact_has_one_short_table(drifted):
    summary, _ = drifted
    text = render_verdict(summary, None)
    assert "## In the bank's terms" in text
    assert re.search(r"^\| Gini \| 0\.\d{3} \| 0\.\d{3} \| [a-z ]+ \| 1,500 \|$", text, re.MULTILINE)
    assert "In the bank's terms" not in render_verdict({**summary, "bank": None}, None)
