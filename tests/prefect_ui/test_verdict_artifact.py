"""The artifact of the verdict: the whole run at a glance, with nothing of the data that could be code."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tasks.core.findings import Finding, Question, Verdict
from tasks.job.run_result import RunResult
from tasks.prefect_ui.cells import escape
from tasks.prefect_ui.tables import tabulate_comparison, tabulate_findings
from tasks.prefect_ui.verdict_artifact import render_verdict
from tasks.prefect_ui.verdict_picture import draw_picture, label_bar, measure_ratio
from tests.support.kept_run import MOVED, make_run, summarise

ROWS = Finding(Question.QUALITY, "rows", Verdict.PASS, "", effect=2000.0, unit="rows", limit=200.0)
VOLUME = Finding(Question.QUALITY, "volume", Verdict.WARN, "", effect=2.4, unit="times", limit=2.0)
DUPLICATES = Finding(Question.QUALITY, "duplicates", Verdict.PASS, "", effect=0.02, unit="share of rows", limit=0.1)
LEAK = Finding(Question.QUALITY, "suspicious_auc", Verdict.WARN, "", effect=0.99, unit="AUC", limit=0.98)
JOINT = Finding(Question.DATA, "joint_shape", Verdict.PASS, "", effect=0.493, unit="AUC", limit=0.55)
LOSS = Finding(Question.MODEL, "auc", Verdict.FAIL, "", effect=0.05, unit="AUC", limit=0.02)


@pytest.fixture
def run(tmp_path: Path) -> RunResult:
    return make_run(tmp_path)


def test_glance_shows_what_matters_in_few_words_and_escapes_the_data(run: RunResult) -> None:
    page = render_verdict(summarise(run), "http://ui/run/1")
    assert "| data | ✗\xa0alarm | annual\\_income | 12.0 points | 6.0 points |" in page
    assert "| label | ✓\xa0pass |  |  |  |" in page
    assert "- **data**: annual\\_income moved: 12 % of applicants \\<crossed\\> a line." in page
    assert "| data | annual\\_income | 12.0 points | 6.0 points | 0.0001 |  |" in page
    assert "In production now: version 4" in page
    assert "(data:image/png;base64," in page
    assert page.index("6.0 points") < page.index("crossed") < page.index("Report: ") < page.index("Run: ")
    assert len(page) < 60_000
    assert escape("a|b\n<script>") == "a\\|b \\<script\\>"


def test_the_first_table_names_the_furthest_change_of_each_question_and_counts_the_others(run: RunResult) -> None:
    further = replace(MOVED, subject="monthly_debt", effect=0.3)
    page = render_verdict(summarise(replace(run, findings=(MOVED, further, LOSS))), None)
    assert "| monthly\\_debt (+1) | 30.0 points | 6.0 points |" in page


def test_tables_are_short_texts_the_gravest_first(run: RunResult) -> None:
    first, *others = tabulate_findings(summarise(replace(run, findings=(ROWS, DUPLICATES, MOVED))))
    assert list(first) == ["question", "verdict", "change", "limit", "what", "p-value", "sentence"]
    assert list(first.values())[:6] == ["data", "✗ alarm", "12.0 points", "6.0 points", "annual_income: distribution",
                                        "0.0001"]  # fmt: skip
    assert [row["change"] for row in others] == ["2.0 points", "2,000 rows"]
    side = dict.fromkeys(("auc", "accuracy", "precision", "recall", "f1", "brier"), 0.9) | {"rows": 500}
    record = {"champion": side, "challenger": side, "difference": 0.0123456, "interval": None}
    table = tabulate_comparison({"comparison": record})
    assert table[-2]["challenger"] == 0.01235
    assert tabulate_comparison(summarise(run)) == []


@pytest.mark.parametrize(
    ("found", "question", "ratio"),
    [
        ([MOVED], "data", 2.0),
        ([MOVED], "label", None),  # nothing was measured
        ([ROWS], "quality", None),  # ten times the least number of rows is no change
        ([VOLUME], "quality", None),
        ([ROWS, DUPLICATES], "quality", 0.2),
        ([LEAK], "quality", 0.49 / 0.48),  # from 0.5, where nothing is told apart
        ([JOINT], "data", 0.0),  # no better than chance
        ([replace(JOINT, effect=0.6)], "data", 2.0),
        ([LOSS], "model", 2.5),  # a loss of AUC is measured from 0
        ([replace(MOVED, effect=None)], "data", None),
    ],
)
def test_a_bar_is_as_long_as_the_change_in_limits(found: list[Finding], question: str, ratio: float | None) -> None:
    measured = measure_ratio([finding.as_record() for finding in found], question)
    assert measured == (pytest.approx(ratio) if ratio is not None else None)


def test_the_picture_says_in_words_what_no_bar_can_show(run: RunResult) -> None:
    unfit = replace(ROWS, effect=12.0, verdict=Verdict.FAIL)
    summary = summarise(replace(run, findings=(unfit,)))
    assert draw_picture(summary).startswith("data:image/png;base64,")
    assert label_bar(measure_ratio(summary["findings"], "quality"), "quality", Verdict.FAIL) == "unfit"
    assert label_bar(12.5, "data", Verdict.FAIL) == "12.5", "a bar that is cut off has its number"
