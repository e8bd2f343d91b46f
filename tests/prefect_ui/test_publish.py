"""What Prefect's pages get while a run is under way, and what happens when the server is gone."""

from __future__ import annotations

import logging
from typing import Any
from uuid import uuid4

import pytest
from httpx import ConnectError

from tasks.prefect_ui.publish import StageEcho, slug


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


def test_slug() -> None:
    assert slug("Loan_Applications (2)") == "loan-applications-2"
