"""The artifact of the verdict: the whole run at a glance, with nothing of the data that could be code."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.job.run_result import RunResult
from tasks.prefect_ui.verdict_artifact import (
    escape,
    measure_ratio,
    render_verdict,
    tabulate_comparison,
    tabulate_findings,
)
from tests.support.kept_run import MOVED, make_run, summarise


@pytest.fixture
def run(tmp_path: Path) -> RunResult:
    return make_run(tmp_path)


def test_glance_shows_the_verdict_and_escapes_the_data(run: RunResult) -> None:
    page = render_verdict(summarise(run), "http://ui/run/1")
    assert "| data | ✗\xa0alarm | annual\\_income moved: 12 % of applicants \\<crossed\\> a line. |" in page
    assert "| data | annual\\_income | 12.0 points | 6.0 points | 0.0001 |" in page
    assert "In production now: version 4" in page
    assert "(data:image/png;base64," in page
    assert len(page) < 60_000
    assert escape("a|b\n<script>") == "a\\|b \\<script\\>"


def test_tables_are_plain_values(run: RunResult) -> None:
    (row,) = tabulate_findings(summarise(run))
    assert (row["subject"], row["effect"]) == ("annual_income", 0.12)
    side = dict.fromkeys(("auc", "accuracy", "precision", "recall", "f1", "brier"), 0.9) | {"rows": 500}
    record = {"champion": side, "challenger": side, "difference": 0.0123456, "interval": None}
    table = tabulate_comparison({"comparison": record})
    assert table[-2]["challenger"] == 0.01235
    assert tabulate_comparison(summarise(run)) == []


def test_ratio() -> None:
    assert measure_ratio([MOVED.as_record()], "data") == pytest.approx(2)
    assert measure_ratio([MOVED.as_record()], "label") == 0
