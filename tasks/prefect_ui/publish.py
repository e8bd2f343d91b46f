"""Publish: what the Prefect UI shows of a run: its name, its stages' lines and progress, its verdict, and its events.

Publishing never fails a run: the results folder and the journal hold everything that is shown here.
"""

from __future__ import annotations

import logging
import re
from typing import Any
from uuid import UUID

from httpx import TransportError
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext
from prefect.exceptions import MissingContextError
from prefect.logging import get_run_logger

from tasks.job.job import Job
from tasks.job.journal import describe_error, log
from tasks.job.run_result import RunResult
from tasks.job.stages import STAGES
from tasks.prefect_ui.events import emit_events
from tasks.prefect_ui.links import find_flow_run_id, link_run
from tasks.prefect_ui.verdict_artifact import render_verdict, tabulate_comparison, tabulate_findings


class StageEcho(logging.Handler):
    """Repeats the journal's lines in the run's log on the Prefect server, and moves the run's progress.

    `is_lost` says that the server was out of reach. Prefect's client tries a minute long before it says so: with a
    server that is gone every stage would wait as long, so that nobody asks it again.
    """

    def __init__(self, flow_run_id: UUID, progress: UUID) -> None:
        super().__init__(logging.INFO)
        self._flow_run_id, self._progress = flow_run_id, progress
        self.is_lost = False

    def emit(self, record: logging.LogRecord) -> None:
        """Repeat one line, if it is this run's."""
        if self.is_lost or find_flow_run_id() != self._flow_run_id:
            return
        try:
            stage, status = getattr(record, "stage", ""), getattr(record, "status", "")
            get_run_logger().log(record.levelno, " ".join(filter(None, (stage, status, record.getMessage()))))
            if status == "finished" and stage in STAGES:
                self.advance(100 * (STAGES.index(stage) + 1) / len(STAGES))
        except TransportError as error:
            self.is_lost = True
            log.warning("The Prefect server is out of reach and shows no more of this run: %s", describe_error(error))
        except Exception:
            self.handleError(record)

    def advance(self, percent: float) -> None:
        """Move the run's progress bar."""
        update_progress_artifact(artifact_id=self._progress, progress=percent)


def announce_run(job: Job) -> None:
    """Give the run a name that says its window and why it runs, and follow its stages in the UI."""
    run_id, context = find_flow_run_id(), FlowRunContext.get()
    if run_id is None or context is None:
        return
    try:
        with get_client(sync_client=True) as client:
            client.update_flow_run(run_id, name=name_run(job, context.flow_run))
        progress: Any = create_progress_artifact(progress=0.0, key=f"progress-{slug(job.contract.name)}")
        stop_following()
        log.addHandler(StageEcho(run_id, progress))
        log.setLevel(logging.INFO)
    except Exception as error:  # the UI is no reason to fail
        log.warning("The run could not be announced: %s", describe_error(error))


def publish_run(result: RunResult, summary: dict[str, Any]) -> None:
    """Show the run's verdict in the UI, and send its events."""
    if find_flow_run_id() is None:
        return
    if any(echo.is_lost for echo in _list_echoes()):
        stop_following()
        return
    try:
        _create_artifacts(result, summary)
        emit_events(result)
    except MissingContextError:
        return
    except Exception as error:  # the UI is no reason to fail
        log.warning("The run could not be shown in the Prefect UI: %s", describe_error(error))
    finally:
        stop_following(finished=True)


def name_run(job: Job, flow_run: Any) -> str:
    """Window and reason: "2024-08-01 to 2024-08-31, scheduled"."""
    return f"{job.contract.name} {job.window}, {explain_start(flow_run)}"


def explain_start(flow_run: Any) -> str:
    """Why a run was started, as Prefect knows it."""
    if flow_run is None:
        return "by hand"
    if flow_run.auto_scheduled:
        return "scheduled"
    if flow_run.parent_task_run_id is not None:
        return "part of another run"
    creator = flow_run.created_by.type if flow_run.created_by else None
    return "by automation" if creator == "AUTOMATION" else "by hand"


def stop_following(*, finished: bool = False) -> None:
    """Take the last run's echo away."""
    for echo in _list_echoes():
        log.removeHandler(echo)
        if finished:
            try:
                echo.advance(100.0)
            except Exception as error:  # the UI is no reason to fail
                log.warning("The run's progress could not be shown: %s", describe_error(error))


def _list_echoes() -> list[StageEcho]:
    return [handler for handler in log.handlers if isinstance(handler, StageEcho)]


def slug(name: str) -> str:
    """A name as an artifact's key may hold it: lower-case letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _create_artifacts(result: RunResult, summary: dict[str, Any]) -> None:
    key, about = slug(result.contract), f"{result.window}: {summary['outcome']}"
    create_markdown_artifact(
        render_verdict(summary, link_run(find_flow_run_id())), key=f"verdict-{key}", description=about
    )
    create_table_artifact(tabulate_findings(summary), key=f"findings-{key}", description=about)
    comparison = tabulate_comparison(summary)
    if comparison:
        create_table_artifact(comparison, key=f"comparison-{key}", description=about)
