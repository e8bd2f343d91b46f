"""The history: what it makes of the rows that runs leave, and how it looks in a real browser."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from blocks.postgres.connect import Database
from tasks.contract.load import load_contract
from tasks.core.findings import Finding, Outcome, Question, Verdict
from tasks.core.policy import MonitorPolicy
from tasks.core.windows import month_of
from tasks.job.findings import save_findings
from tasks.job.job import Job
from tasks.job.journal import write_entry
from tasks.reports.history import rebuild_history, rebuild_rarely, write_history
from tasks.reports.history.heat import TOGETHER, map_heat
from tasks.reports.history.pictures import draw_performance
from tasks.reports.history.records import History, PastRun, list_estimates, read_history
from tasks.schema.migrate import MIGRATIONS, prepare_schema
from tests.support.browser import audit, is_too_wide, needs_chromium, open_tab

HOSTILE = "<script>document.title='hacked'</script>"
QUIET = tuple(Finding(question, "rows", Verdict.PASS, "Quiet.") for question in Question)


def save_run(job: Job, month: str, number: int, verdicts: dict[Question, Verdict], outcome: Outcome) -> Job:
    """Store what a run stores: journal entries, findings and its outcome."""
    run = replace(job, job_id=f"20240901T06000{number}-3f9a1c", window=month_of(month))
    (run.results.parent / run.job_id).mkdir(parents=True)
    (run.results.parent / run.job_id / "report.html").touch()
    write_entry(run, "extract", "started")
    write_entry(run, "extract", "finished")
    told = [
        Finding(
            question, "distribution", verdict, HOSTILE, "income", effect=0.179, unit="share of applicants", limit=0.06
        )
        for question, verdict in verdicts.items()
    ]
    auc = Finding(Question.MODEL, "auc", Verdict.PASS, "AUC.", unit="AUC", reference=0.87, current=0.8 + number / 100)
    missing = Finding(
        Question.DATA, "missing", Verdict.WARN, "Missing.", effect=0.02, unit="share", limit=0.06, columns=("a", "b")
    )
    joint = Finding(Question.DATA, "joint_shape", Verdict.PASS, "Together.", effect=0.51, unit="AUC", limit=0.55)
    save_findings.fn(run, [*QUIET, *told, auc, missing, joint], outcome, "Because.")
    return run


@pytest.fixture
def job(engine, tmp_path) -> Job:
    """Five runs: a stable, a drifted, an undecided, an unfit one, and one that stopped."""
    prepare_schema(engine)
    contract = load_contract("loan_applications")
    base = Job(
        "20240901T060000-3f9a1c", "monitor", contract, Database("environment"), month_of("2024-08"), MonitorPolicy(),
        tmp_path / "20240901T060000-3f9a1c", "models", datetime(2024, 9, 1, tzinfo=UTC),
    )  # fmt: skip
    save_run(base, "2024-05", 1, {}, Outcome.STABLE)
    save_run(base, "2024-06", 2, {Question.DATA: Verdict.FAIL}, Outcome.KEPT)
    save_run(base, "2024-07", 3, {Question.LABEL: Verdict.NOT_RUN}, Outcome.UNDECIDED)
    save_run(base, "2024-08", 4, {Question.QUALITY: Verdict.FAIL}, Outcome.QUALITY_FAILED)
    stopped = replace(base, job_id="20240901T060009-3f9a1c")
    write_entry(stopped, "extract", "started")
    write_entry(stopped, "extract", "failed", HOSTILE)
    return base


def test_the_history_shows_the_stored_outcomes(job, engine):
    """Also one that its findings alone do not give: a promotion that no ledger row of this test backs."""
    save_run(job, "2024-09", 5, {}, Outcome.PROMOTED)
    with engine.connect() as connection:
        (history,) = read_history(connection)
        reasons = connection.execute(text("select reason from loanwatch.run")).scalars().all()
    assert reasons == ["Because."] * 5
    outcomes = [run.outcome for run in history.runs]
    assert outcomes == ["promoted", "failed", "quality_failed", "undecided", "kept", "stable"]
    assert [run.window[0] for run in history.windows] == [date(2024, month, 1) for month in (5, 6, 7, 8, 9)]


def test_findings_and_outcome_are_stored_together_or_not_at_all(job, engine):
    broken = replace(job, job_id="20240901T060008-3f9a1c")
    with pytest.raises(SQLAlchemyError):
        save_findings.fn(broken, [*QUIET, replace(QUIET[0], effect="no number")], Outcome.STABLE, "")
    with engine.connect() as connection:
        stored = connection.execute(text("select job_id from loanwatch.run")).scalars().all()
    assert broken.job_id not in stored
    assert len(stored) == 4


def test_a_run_that_kept_its_champion_says_whether_it_was_retrained(job, engine):
    trained = save_run(job, "2024-09", 5, {Question.DATA: Verdict.FAIL}, Outcome.KEPT)
    write_entry(trained, "train", "started")
    write_entry(trained, "train", "finished")
    with engine.connect() as connection:
        (history,) = read_history(connection)
    names = {run.job_id[:15]: run.outcome_name for run in history.runs if run.outcome == "kept"}
    assert names == {
        "20240901T060002": "not retrained, champion kept", "20240901T060005": "retrained, champion kept"
    }  # fmt: skip


def test_runs_from_before_the_outcomes_were_stored_are_filled_in(engine, job):
    """The migration derives them once, by the rule that the history page used until then."""
    statement = (MIGRATIONS / "0004_run.sql").read_text(encoding="utf-8")
    with engine.begin() as connection:
        before = connection.execute(text("select job_id, outcome, window_start, window_end from loanwatch.run")).all()
        connection.execute(text("drop table loanwatch.run"))
        connection.exec_driver_sql(statement.replace("%", "%%"))
        after = connection.execute(text("select job_id, outcome, window_start, window_end from loanwatch.run")).all()
    assert sorted(after) == sorted(before)
    assert len(after) == 4


def test_a_window_of_a_backfill_leaves_its_findings_once(job, engine):
    """The first attempt's worker died before it could say that the window was done; another backfill is another one."""
    part = replace(job, job_type="backfill", backfill="b")
    save_run(part, "2024-02", 6, {Question.DATA: Verdict.FAIL}, Outcome.KEPT)
    other = save_run(replace(part, backfill="other"), "2024-02", 7, {}, Outcome.STABLE)
    next_month = save_run(part, "2024-03", 8, {}, Outcome.STABLE)
    again = save_run(part, "2024-02", 5, {}, Outcome.STABLE)
    with engine.connect() as connection:
        (history,) = read_history(connection)
        kept = connection.execute(text("select distinct job_id from loanwatch.finding where backfill <> ''"))
        assert set(kept.scalars()) == {other.job_id, next_month.job_id, again.job_id}
        ended = connection.execute(text("select job_id from loanwatch.run where backfill <> ''"))
        assert set(ended.scalars()) == {other.job_id, next_month.job_id, again.job_id}
    assert "20240901T060006-3f9a1c" not in {run.job_id for run in history.runs}, "a run without findings is no failure"
    (february,) = [run for run in history.windows if run.window[0] == date(2024, 2, 1)]
    assert (february.job_id, february.outcome) == (again.job_id, "stable")


def test_a_window_that_was_run_again_counts_once(job, engine):
    again = save_run(job, "2024-06", 5, {}, Outcome.STABLE)
    with engine.connect() as connection:
        (history,) = read_history(connection)
    assert len(history.runs) == 6
    assert [run.job_id for run in history.windows][1] == again.job_id


def test_the_heat_map_has_every_feature_once(job, engine):
    with engine.connect() as connection:
        (history,) = read_history(connection)
    rows = {row.name: row for row in map_heat(history.windows)}
    assert set(rows) == {"income", "a", "b", TOGETHER, ""} - {""}
    assert [cell.verdict if cell else None for cell in rows["income"].cells] == [None, "fail", None, None]
    assert rows["income"].cells[1].short == "18"
    assert rows[TOGETHER].cells[0].short == "0.51"


def test_the_page_escapes_and_links_what_is_there(job):
    rebuild_history(job)
    page = (job.results.parent / "index.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert 'href="20240901T060001-3f9a1c/report.html"' in page
    assert '<span class="pill undecided">undecided</span>' in page
    assert "stopped at extract" in page


def test_runs_in_quick_succession_share_an_update(job):
    page = job.results.parent / "index.html"
    with rebuild_rarely(seconds=3_600):
        rebuild_history(job)
        page.unlink()  # the first run has made it
        rebuild_history(job)
        rebuild_history(job)
        assert not page.exists()
    assert page.exists()
    page.unlink()
    with rebuild_rarely(seconds=0):
        rebuild_history(job)
        assert page.exists()
        page.unlink()
    assert not page.exists()  # nobody waits for another one


def test_an_empty_database_has_a_page_too(engine, tmp_path):
    prepare_schema(engine)
    with engine.connect() as connection:
        path = write_history(connection, tmp_path)
    assert "No runs recorded yet" in path.read_text(encoding="utf-8")


def test_a_run_does_not_fail_for_its_history(job, caplog):
    rebuild_history(replace(job, results=Path("/proc/nowhere/run")))


@pytest.mark.slow
@needs_chromium
@pytest.mark.parametrize("width", [1400, 390])
def test_the_page_in_a_browser(job, tmp_path, width):
    rebuild_history(job)
    page = job.results.parent / "index.html"
    with open_tab(tmp_path / "browser") as tab:
        for scheme in ("light", "dark"):
            seen = tab.open(page, width, scheme)
            assert seen.complaints == []
            assert seen.requests == [page.as_uri()]
            assert audit(tab) == []
            assert not is_too_wide(tab)
            assert tab.run("document.title") != "hacked"


@pytest.mark.slow
@needs_chromium
def test_the_accessibility_check_finds_faults(tmp_path):
    page = tmp_path / "bad.html"
    page.write_text("<h1>A</h1><h3>B</h3><svg></svg><p style='color:#ccc'>pale</p><table><tr><td>1</td></tr></table>")
    with open_tab(tmp_path / "browser") as tab:
        tab.open(page, 1400)
        told = "\n".join(audit(tab))
    for fault in ("no language", "skips", "without a text", "contrast", "without headers", "exactly one main"):
        assert fault in told


def test_an_estimate_stays_beside_the_auc_that_the_decisions_showed_later():
    """The month was undecided at first; the later run over it knows its decisions."""

    def run(job_id: str, check: str, value: float) -> PastRun:
        found = {"question": "model", "check": check, "verdict": "pass", "reference": 0.9, "current": value}
        days = date(2024, 8, 1), date(2024, 8, 31)
        started = datetime(2024, 9, 1, tzinfo=UTC)
        return PastRun("loans", job_id, started, 1.0, None, "", *days, "stable", False, [found])

    history = History("loans", [run("later", "auc", 0.85), run("first", "estimated_auc", 0.86)], [], [])
    assert [found["current"] for *_, found in list_estimates(history)] == [0.86]
    picture = draw_performance(history)
    assert picture.count("guess-dot") == 1
    assert picture.count("now-dot") == 1
