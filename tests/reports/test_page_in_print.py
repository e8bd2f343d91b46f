"""The report on paper: a real PDF of a real browser holds what is closed on the screen, and cuts no row."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tasks.reports.page.page import render_report
from tests.reports.test_page import make_drifted, make_summary
from tests.support.browser import needs_chromium, open_tab, print_page
from tests.support.page_script import leave_out_script

pytestmark = [
    pytest.mark.slow,
    needs_chromium,
    pytest.mark.skipif(shutil.which("pdftotext") is None, reason="no pdftotext on the PATH: a PDF cannot be read"),
]


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> list[str]:
    """The text of each page of a report's PDF, made without the help of the page's script."""
    folder = tmp_path_factory.mktemp("print")
    evidence = make_drifted()
    page = leave_out_script(render_report(make_summary(evidence), evidence))
    (folder / "report.html").write_text(page, encoding="utf-8")
    with open_tab(folder / "browser") as tab:
        print_page(tab, folder / "report.html", folder / "report.pdf")
    return read_pages(folder / "report.pdf")


def read_pages(pdf: Path) -> list[str]:
    """The text of each page, as it is laid out."""
    text = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], capture_output=True, check=True, text=True).stdout
    return text.split("\f")[:-1]


def test_what_is_closed_on_the_screen_is_printed(pages):
    text = " ".join(" ".join(pages).split())
    assert "python -m flows.settle data/yearly_salary" in text, "accepting a change"
    assert "smallest detectable" in text, "all checks"
    assert "minimum rows" in text, "the policy"
    assert "scikit-learn" in text or "python 3.12" in text, "the versions"
    assert "1 Jul 2023" in text, "the numbers of each day"
    assert re.search(r"28 Jul 2023", text)


def test_a_table_over_two_pages_repeats_its_head(pages):
    heads = [page for page in pages if re.search(r"limit\s+value\s+meaning", page)]
    assert len(heads) >= 2


def test_no_page_is_half_empty(pages):
    filled = [sum(bool(line.strip()) for line in page.splitlines()) for page in pages[:-1]]
    pictures = 6  # lines: a page of pictures holds little text
    assert min(filled) > pictures, filled


def test_controls_of_the_screen_are_not_printed(pages):
    text = " ".join(pages)
    assert "Show only columns" not in text
    assert "↕" not in text
