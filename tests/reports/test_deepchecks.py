"""The deepchecks pages: small, whole without a network, and safe against what stands in the data."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import psutil
import pytest

from tasks.contract.load import load_contract
from tasks.core.findings import Finding, Question, Verdict
from tasks.core.scored_window import ScoredWindow
from tasks.extract.labels import read_labels
from tasks.profile.profile import fit_profile
from tasks.reports.deepchecks.content import BOUNDS, Content, choose_columns, code_rows, sample_applications
from tasks.reports.deepchecks.draw import NOT_INSTALLED, draw_pages, start_drawing
from tests.support.browser import is_too_wide, needs_chromium, open_tab
from tests.support.card_frames import HOSTILE, make_frame, score

PAGES = ("data_quality.html", "data_drift.html", "model_drift.html")
SECRET_SALARY, SECRET_LIMIT = 987_654.0, 123_457.0


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The three pages of a window with a hostile word and a known record."""
    folder = tmp_path_factory.mktemp("pages")
    contract = load_contract("tests/support/second_lender/card_requests.toml")
    reference, window = make_frame(1, 3000), make_frame(2, 1500)
    words = window["channel"].astype(object)
    words.iloc[:300] = HOSTILE
    window["channel"] = words.astype("category")
    window["request_no"] = [f"request-{number}" for number in range(len(window))]
    window.loc[[3, 4], ["yearly_salary", "wanted_limit"]] = SECRET_SALARY, SECRET_LIMIT
    profile = fit_profile(
        contract, ScoredWindow(reference, read_labels(contract, reference), score(reference)), origin="holdout", seed=0
    )
    coded = [
        code_rows(lambda taken: profile.decode(profile.encode(taken)), rows, read_labels(contract, rows), score(rows))
        for rows in (reference, window)
    ]
    findings = [
        Finding(
            question, "distribution", Verdict.FAIL, f"The word {HOSTILE} is new.", "channel", effect=0.2, limit=0.06
        )
        for question in Question
    ]
    content = Content(contract, tuple(findings), sample_applications(contract, window), (coded[0], coded[1]))
    assert draw_pages(folder, content) == ({name.removesuffix(".html"): name for name in PAGES}, "")
    return folder


@pytest.mark.slow
def test_only_the_process_that_draws_knows_deepchecks_and_what_is_patched_for_it(pages):
    script = "import sys, tasks.reports.write_pages; sys.exit('deepchecks' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
    assert "deepchecks" not in sys.modules
    assert not hasattr(np, "Inf")
    assert (pages / PAGES[0]).exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_every_check_of_the_previous_system_runs(pages, name):
    """A newer library that breaks a check shows here: each piece of `shim.py` is needed for one of them."""
    content = (pages / name).read_text(encoding="utf-8")
    assert re.findall(r'<p class="reason">(.*?)</p>', content) == []


def test_without_deepchecks_there_is_a_reason_in_place_of_pages(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    contract = load_contract("tests/support/second_lender/card_requests.toml")
    assert draw_pages(tmp_path, Content(contract, ())) == ({}, NOT_INSTALLED)


@pytest.mark.slow
def test_a_process_that_fails_leaves_a_reason_and_the_run_goes_on(tmp_path):
    contract = load_contract("tests/support/second_lender/card_requests.toml")
    applications = sample_applications(contract, make_frame(1, 300))
    gone = tmp_path / "gone"
    pages, reason = draw_pages(gone, Content(contract, (), applications))
    assert pages == {}
    assert "cannot be written" in reason


def test_the_process_that_draws_is_told_no_secret(tmp_path, monkeypatch):
    seen = {}

    def record(command, **options):
        seen.update(options["env"])
        raise OSError(12, "no memory")

    monkeypatch.setenv("LOANWATCH_DATABASE_PASSWORD", "s3cret")
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", "s3cret")
    monkeypatch.setattr(subprocess, "Popen", record)
    drawn = draw_pages(tmp_path, Content(load_contract("loan_applications"), ()))
    assert drawn == ({}, "no process can be started for them (no memory)")
    assert "PATH" in seen
    assert "s3cret" not in str(seen)


@pytest.mark.slow
def test_a_process_started_early_draws_for_its_folder_and_ends_when_it_is_not_wanted(tmp_path):
    contract = load_contract("tests/support/second_lender/card_requests.toml")
    content = Content(contract, (), sample_applications(contract, make_frame(1, 300)))
    unwanted, wanted = tmp_path / "unwanted", tmp_path / "wanted"
    wanted.mkdir()
    start_drawing(unwanted)  # of a run that fails
    started = [child for child in psutil.Process().children() if str(unwanted) in child.cmdline()]
    start_drawing(wanted)
    assert len(started) == 1
    assert not started[0].is_running()
    assert draw_pages(wanted, content) == ({"data_quality": "data_quality.html"}, "")
    assert [child for child in psutil.Process().children() if str(wanted) in child.cmdline()] == []


def test_of_many_columns_the_pages_show_those_with_a_finding_first():
    contract = load_contract("tests/support/second_lender/card_requests.toml")
    names = [column.name for column in contract.features]
    moved = Finding(Question.DATA, "distribution", Verdict.FAIL, "It moved.", names[-1])
    still = Finding(Question.DATA, "distribution", Verdict.PASS, "It did not.", names[-2])
    assert choose_columns(contract, [moved, still], 2) == [names[0], names[-1]]
    assert choose_columns(contract, [moved, still], 100) == names


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_small_and_holds_plotly_once(pages, name):
    content = (pages / name).read_text(encoding="utf-8")
    assert len(content.encode()) < 6_000_000
    assert content.count("plotly.js v") == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_no_page_shows_an_applicants_record(pages, name):
    content = (pages / name).read_text(encoding="utf-8")
    assert "request-" not in content
    assert not ("987654" in content and "123457" in content)


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_words_of_the_data_stay_text(pages, name):
    assert HOSTILE not in (pages / name).read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_a_page_leads_back_to_the_report(pages, name):
    assert '<a href="report.html">' in (pages / name).read_text(encoding="utf-8")


@pytest.mark.slow
@needs_chromium
@pytest.mark.parametrize("width", [1400, 390])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_in_a_browser(pages, tmp_path, name, width):
    page = pages / name
    with open_tab(tmp_path) as tab:
        seen = tab.open(page, width)
        assert seen.complaints == []
        assert seen.requests == [page.as_uri()]
        assert tab.run("document.title") != "hacked"
        assert "<script>" in tab.run("document.body.innerText + document.body.textContent")
        assert tab.run("document.querySelectorAll('div.plot .main-svg').length") > 0
        assert not is_too_wide(tab)


@pytest.mark.slow
def test_a_window_without_labels_has_pages_too(tmp_path):
    contract = load_contract("tests/support/second_lender/card_requests.toml")
    reference, window = make_frame(1, 900), make_frame(2, 600)
    profile = fit_profile(
        contract, ScoredWindow(reference, read_labels(contract, reference), score(reference)), origin="holdout", seed=0
    )
    before = code_rows(profile.decode, profile.codes, profile.labels, profile.scores)
    unknown = np.full(len(window), np.nan)
    now = code_rows(lambda taken: profile.decode(profile.encode(taken)), window, unknown, score(window))
    draw_pages(tmp_path, Content(contract, (), windows=(before, now)))
    assert "Did not run" in (tmp_path / "model_drift.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_of_a_large_window_a_sample_is_decoded_and_the_page_says_so(tmp_path):
    rows, decoded = BOUNDS.rows + 1_000, []

    def decode(taken):
        decoded.append(len(taken))
        return pd.DataFrame({column.name: taken[:, 0] for column in contract.features})

    numbers = np.random.default_rng(0).normal(size=(rows, 1))
    contract = load_contract("tests/support/second_lender/card_requests.toml")
    unknown = np.full(rows, np.nan)
    coded = code_rows(decode, numbers, unknown, numbers[:, 0])
    assert decoded == [BOUNDS.rows]
    assert np.array_equal(coded.frame["wanted_limit"], coded.scores)  # the rows still belong together
    assert coded.total == rows
    draw_pages(tmp_path, Content(contract, (), windows=(coded, coded)))
    said = (tmp_path / "data_drift.html").read_text(encoding="utf-8")
    assert f"a random sample of {BOUNDS.rows:,} of {rows:,} applications" in said
