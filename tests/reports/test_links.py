"""The links of a report, found in the real database; and the terminal's notices."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date

import pytest
from rich.console import Console

from blocks.postgres.errors import DatabaseError
from flows.cli.console import show_verdict
from tasks.core.findings import Finding, Outcome, Question, Verdict
from tasks.core.windows import Window
from tasks.job.findings import save_findings
from tasks.reports.links import Links, find_links
from tasks.schema.migrate import prepare_schema
from tests.reports.test_evidence_pack import make_job
from tests.reports.test_page import make_evidence, make_summary
from tests.support.card_frames import make_frame

PASSED = [Finding(Question.QUALITY, "rows", Verdict.PASS, "Enough.")]


def keep_run(results, job_id: str, window: Window, *, has_report: bool = True) -> None:
    """A run in the database, and its report."""
    job = replace(make_job(results, job_id=job_id, window=window), results=results / job_id)
    save_findings.fn(job, PASSED, Outcome.STABLE, "Nothing moved.")
    (results / job_id).mkdir()
    if has_report:
        (results / job_id / "report.html").write_text("a page", encoding="utf-8")


def test_the_window_before_is_the_latest_that_has_a_report(engine, tmp_path):
    prepare_schema(engine)
    june, july = Window(date(2024, 6, 1), date(2024, 6, 30)), Window(date(2024, 7, 1), date(2024, 7, 31))
    keep_run(tmp_path, "20240702T060000-aaaaaa", june)
    keep_run(tmp_path, "20240801T060000-bbbbbb", july)
    keep_run(tmp_path, "20240801T070000-cccccc", july, has_report=False)
    keep_run(tmp_path, "20241001T060000-dddddd", Window(date(2024, 9, 1), date(2024, 9, 30)))
    assert find_links(make_job(tmp_path)) == Links("20240801T060000-bbbbbb", july)
    assert find_links(make_job(tmp_path, window=june)) == Links()


def test_a_database_that_is_gone_costs_no_report(tmp_path, monkeypatch):
    def fail(database: object) -> None:
        raise DatabaseError("The database is gone.")

    monkeypatch.setattr("tasks.reports.links.connect", fail)
    assert find_links(make_job(tmp_path)) == Links()


@pytest.mark.parametrize("width", [80, 200])
def test_the_terminal_tells_what_the_report_tells_first(width):
    note = Finding(Question.LABEL, "approval_rate", Verdict.WARN, 'Share of "yes": 75.2 %, 77.6 % before.')
    summary = make_summary(make_evidence(make_frame(2)), start_up_seconds=1.0, findings=[note.as_record()])
    screen = io.StringIO()
    show_verdict(Console(file=screen, width=width), summary)
    assert "Also worth reading:" in screen.getvalue()
    told = " ".join(screen.getvalue().split())
    assert '- Label drift, a note. Share of "yes": 75.2 %, 77.6 % before.' in told
