"""The result of a comparison: plain values, the report, and what a notebook shows."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from tasks.compare.ask import Compared, ComparedOutcome, compare_sides
from tasks.compare.sides import make_sides
from tasks.compare.verdicts import LABELS, ForeignFileError, Verdicts
from tasks.contract.columns import Role
from tasks.contract.load import load_contract
from tasks.core.findings import Question
from tasks.demo.one_table import make_table, take_months
from tasks.extract.extract import Extract, read_batches
from tests.support.demo_table import to_batch
from tests.support.page_script import leave_out_script

CONTRACT = load_contract("loan_applications")
HOSTILE = "<script>alert(1)</script>.csv"


@pytest.fixture(scope="module")
def compared() -> Compared:
    """The demo's August, in which incomes have risen, against the months before."""
    table = make_table(months=8, per_month=600)
    parts = [take_months(table, 2, 3, 4, 5, 6, 7), take_months(table, 8)]
    extracts = [Extract(read_batches(CONTRACT, [to_batch(part)]).applications) for part in parts]
    extracts[1].applications["annual_income"] *= 1.3
    return compare_sides(make_sides(CONTRACT, list(zip(("before.csv", HOSTILE), extracts, strict=True))))


def test_the_result_is_plain(compared):
    found = Verdicts(compared)
    assert found.outcome == "changed"
    assert found.verdicts["data"] == "fail"
    assert found.alarms
    assert set(found.alarms) <= set(found.findings)
    assert found.reason == found.summary["reason"]
    assert json.loads(json.dumps(found.summary, allow_nan=False)) == found.summary
    assert found.summary["window"]["name"] == HOSTILE
    assert 0.5 < found.summary["model"]["training"]["auc"] < 1


def test_every_outcome_has_a_label():
    assert set(LABELS) >= {str(outcome) for outcome in ComparedOutcome}


def test_the_report_is_a_runs_without_what_only_a_run_has(compared, tmp_path):
    page = Verdicts(compared).write_report(tmp_path / "report.html").read_text(encoding="utf-8")
    for told in (
        "Significant changes",
        "annual_income",
        "Data quality",
        "Model of the reference",
        "ROC curve",
        "Policy",
    ):
        assert told in page
    for left_out in ("champion stays", "Self-check", "Version", "Stages", "deepchecks reports", "challenger that"):
        assert left_out not in page.split(">Reproducibility</h2>")[0], left_out
    assert "<script" not in leave_out_script(page)
    assert set(re.findall(r'<a href="#([^"]+)"', page)) <= set(re.findall(r'id="([^"]+)"', page))
    for neighbour in ("index.html", "findings.csv", "flows.settle"):
        assert neighbour not in page
    assert "before.csv" in page
    assert "“loan given”" in page


def test_a_notebook_shows_the_answers_escaped(compared):
    shown = Verdicts(compared)._repr_html_()
    assert shown.startswith("<div")
    assert "<script" not in shown
    assert "&lt;script&gt;" in shown
    assert "annual_income" in shown
    assert all(title in shown for title in ("Data quality", "Label drift", "Concept drift", "Model drift"))
    assert len(shown) < 6_000


def test_an_unfit_table_has_a_report(compared, tmp_path):
    few = replace(compared.sides.window, extract=Extract(compared.sides.window.applications.head(20)))
    found = Verdicts(compare_sides(replace(compared.sides, window=few)))
    page = found.write_report(tmp_path / "report.html").read_text(encoding="utf-8")
    assert found.outcome == "quality_failed"
    assert "unfit for use" in page
    assert "20 applications in the window" in found._repr_html_()


def test_a_report_without_target_and_days(compared, tmp_path):
    sides = replace(compared.sides, lacks=frozenset({Role.TARGET, Role.TIME}))
    found = Verdicts(compare_sides(sides))
    page = found.write_report(tmp_path / "report.html").read_text(encoding="utf-8")
    assert found.verdicts[Question.CONCEPT] == "not_run"
    assert "Model of the reference" not in page
    assert "No target was named" in page
    assert "No target was named" in found._repr_html_()
    assert found.summary["window"]["start"] is None


def test_only_our_own_files_are_replaced(compared, tmp_path):
    found, page, record = Verdicts(compared), tmp_path / "report.html", tmp_path / "found.json"
    for _ in range(2):
        found.write_report(page)
        found.write_findings(record)
    assert json.loads(record.read_text(encoding="utf-8"))["outcome"] == "changed"
    page.write_text("<html>mine</html>", encoding="utf-8")
    record.write_text("{}", encoding="utf-8")
    for write, file in ((found.write_report, page), (found.write_findings, record), (found.write_report, tmp_path)):
        with pytest.raises(ForeignFileError, match="was not made by a comparison"):
            write(file)
    assert page.read_text(encoding="utf-8") == "<html>mine</html>"
