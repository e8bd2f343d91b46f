"""Publish: what the Prefect UI shows of a run: its name, its stages' lines and progress, its verdict, and its events.

Publishing never fails a run: the results folder and the journal hold everything that is shown here.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from httpx import TransportError
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.exceptions import MissingContextError
from prefect.logging import get_run_logger

from tasks.core.findings import Outcome, Verdict
from tasks.core.run_tags import tag_outcome
from tasks.core.wording import name_outcome
from tasks.job.job import Job
from tasks.job.journal import describe_error, log
from tasks.job.run_result import RunResult
from tasks.job.stages import STAGES
from tasks.prefect_ui.events import emit_events
from tasks.prefect_ui.links import find_flow_run_id, link_run
from tasks.prefect_ui.run_names import rename_run, show_end
from tasks.prefect_ui.tables import tabulate_comparison, tabulate_findings
from tasks.prefect_ui.verdict_artifact import render_verdict

SECONDS_BETWEEN_MOVES = 1.0  # of the progress bar: each is a request, and a small run ends its stages in two seconds


class StageEcho(logging.Handler):
    """Repeats the journal's lines in the run's log on the Prefect server, and moves the run's progress.

    `is_lost` says that the server was out of reach. Prefect's client tries a minute long before it says so: with a
    server that is gone every stage would wait as long, so that nobody asks it again.
    """

    def __init__(self, flow_run_id: UUID, progress: UUID) -> None:
        super().__init__(logging.INFO)
        self._flow_run_id, self._progress = flow_run_id, progress
        self._moved_at = 0.0
        self.is_lost = False

    def emit(self, record: logging.LogRecord) -> None:
        """Repeat one line, if it is this run's."""
        if self.is_lost or find_flow_run_id() != self._flow_run_id:
            return
        try:
            stage, status = getattr(record, "stage", ""), getattr(record, "status", "")
            get_run_logger().log(record.levelno, " ".join(filter(None, (stage, status, record.getMessage()))))
            is_due = record.created >= self._moved_at + SECONDS_BETWEEN_MOVES
            if status == "finished" and stage in STAGES and is_due:
                self._moved_at = record.created
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
    run_id = find_flow_run_id()
    if run_id is None:
        return
    rename_run(job)
    try:
        progress: Any = create_progress_artifact(progress=0.0, key=f"progress-{slug(job.contract.name)}")
        stop_following()
        log.addHandler(StageEcho(run_id, progress))
        log.setLevel(logging.INFO)
    except Exception as error:  # the UI is no reason to fail
        log.warning("The run could not be announced: %s", describe_error(error))


def tell_verdict(summary: Mapping[str, Any]) -> None:
    """Tell whoever watches the run how it ended, while its pages are still to be drawn."""
    log.info("Outcome: %s.", say_outcome(summary), extra={"summary": summary})


def publish_run(job: Job, result: RunResult, summary: dict[str, Any]) -> None:
    """Show the run's outcome and verdict in the UI, and send its events."""
    if find_flow_run_id() is None:
        return
    if any(echo.is_lost for echo in _list_echoes()):
        stop_following()
        return
    try:
        said = f"alarm, {say_outcome(summary)}" if has_alarm(result) else say_outcome(summary)
        show_end(said, tag_outcome(result.outcome, has_alarm=has_alarm(result)), grade_run(result))
        _create_artifacts(result, summary)
        emit_events(job, result)
    except MissingContextError:
        return
    except Exception as error:  # the UI is no reason to fail
        log.warning("The run could not be shown in the Prefect UI: %s", describe_error(error))
    finally:
        stop_following(finished=True)


def has_alarm(result: RunResult) -> bool:
    """Whether a check of the run failed: a new alarm, or unfit data."""
    return any(finding.verdict is Verdict.FAIL for finding in result.findings)


def grade_run(result: RunResult) -> Verdict:
    """The verdict whose mark stands for the run: an alarm, an open question, or neither."""
    if has_alarm(result):
        return Verdict.FAIL
    return Verdict.NOT_ENOUGH_DATA if result.outcome is Outcome.UNDECIDED else Verdict.PASS


def say_outcome(summary: Mapping[str, Any]) -> str:
    """The outcome of a run in words: "retrained, champion kept"."""
    return name_outcome(summary["outcome"], was_retrained=bool(summary["comparison"]))


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
    key, about = slug(result.contract), f"{result.window}: {say_outcome(summary)}"
    create_markdown_artifact(
        render_verdict(summary, link_run(find_flow_run_id())), key=f"verdict-{key}", description=about
    )
    create_table_artifact(tabulate_findings(summary), key=f"findings-{key}", description=about)
    comparison = tabulate_comparison(summary)
    if comparison:
        create_table_artifact(comparison, key=f"comparison-{key}", description=about)
