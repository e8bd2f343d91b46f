"""What Prefect's pages get while a run is under way, and what happens when the server is gone."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from httpx import ConnectError

from tasks.core.findings import Finding, Outcome, Verdict
from tasks.job.stages import STAGES
from tasks.prefect_ui.publish import StageEcho, grade_run, slug
from tests.support.kept_run import MOVED, UNFIT, make_run


def test_a_prefect_server_that_is_gone_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every try takes a minute; the journal's next lines are not to wait for it again."""
    asked: list[float] = []

    def fail(artifact_id: Any, progress: float) -> None:
        asked.append(progress)
        raise ConnectError("refused")

    run_id, echo_log = uuid4(), logging.getLogger("silent")
    monkeypatch.setattr("tasks.prefect_ui.publish.find_flow_run_id", lambda: run_id)
    monkeypatch.setattr("tasks.prefect_ui.publish.get_run_logger", lambda: echo_log)
    monkeypatch.setattr("tasks.prefect_ui.publish.update_progress_artifact", fail)
    echo = StageEcho(run_id, uuid4())
    for stage in ("extract", "quality", "drift"):
        line = logging.LogRecord("loanwatch", logging.INFO, "", 0, "done", (), None)
        line.stage, line.status = stage, "finished"
        echo.emit(line)
    assert (len(asked), echo.is_lost) == (1, True)


def test_the_progress_bar_moves_once_a_second_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []
    run_id, echo_log = uuid4(), logging.getLogger("silent")
    monkeypatch.setattr("tasks.prefect_ui.publish.find_flow_run_id", lambda: run_id)
    monkeypatch.setattr("tasks.prefect_ui.publish.get_run_logger", lambda: echo_log)
    monkeypatch.setattr(
        "tasks.prefect_ui.publish.update_progress_artifact", lambda artifact_id, progress: asked.append(progress)
    )
    echo = StageEcho(run_id, uuid4())
    for stage, second in (("extract", 0.0), ("quality", 0.4), ("score", 0.9), ("drift", 1.1), ("report", 2.0)):
        line = logging.LogRecord("loanwatch", logging.INFO, "", 0, "done", (), None)
        line.stage, line.status, line.created = stage, "finished", 1_700_000_000 + second
        echo.emit(line)
    assert asked == [100 * (STAGES.index(stage) + 1) / len(STAGES) for stage in ("extract", "drift")]


@pytest.mark.parametrize(
    ("found", "outcome", "verdict"),
    [
        ((), Outcome.STABLE, Verdict.PASS),
        ((MOVED,), Outcome.KEPT, Verdict.FAIL),
        ((UNFIT,), Outcome.QUALITY_FAILED, Verdict.FAIL),
        ((), Outcome.UNDECIDED, Verdict.NOT_ENOUGH_DATA),
        ((), Outcome.PROMOTED, Verdict.PASS),
    ],
)
def test_a_run_that_found_something_does_not_look_like_a_quiet_one(
    tmp_path: Path, found: tuple[Finding, ...], outcome: Outcome, verdict: Verdict
) -> None:
    result = replace(make_run(tmp_path), findings=found, outcome=outcome)
    assert grade_run(result) is verdict


def test_slug() -> None:
    assert slug("Loan_Applications (2)") == "loan-applications-2"
