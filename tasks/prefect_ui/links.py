"""Links: where a person finds a run in the Prefect UI and its report."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from prefect.context import FlowRunContext, TaskRunContext
from prefect.settings import PREFECT_API_URL, PREFECT_SERVER_UI_ENABLED, PREFECT_UI_URL
from prefect.utilities.urls import url_for

from blocks.environment import read_environment


def find_flow_run_id() -> UUID | None:
    """The Prefect run that this code belongs to; None outside of one."""
    task: Any = TaskRunContext.get()
    if task is not None:
        return UUID(str(task.task_run.flow_run_id)) if task.task_run.flow_run_id else None
    context: Any = FlowRunContext.get()
    return context.flow_run.id if context is not None and context.flow_run is not None else None


def link_run(flow_run_id: UUID | None) -> str | None:
    """The run's page in the Prefect UI; None where no lasting server keeps it."""
    has_pages = bool(PREFECT_UI_URL.value() or PREFECT_API_URL.value()) and PREFECT_SERVER_UI_ENABLED.value()
    if flow_run_id is None or not has_pages:
        return None
    return url_for("flow-run", obj_id=flow_run_id)


def link_history(results: Path) -> str:
    """The page of all runs, likewise; `results` is the folder that holds every run's own."""
    base = _find_reports(results)
    return f"{base}/index.html" if base else str(results.absolute() / "index.html")


def link_page(results: Path, page: str) -> str:
    """A page of a run: its address where LOANWATCH_REPORTS_URL says who serves the results folder, else its path."""
    base = _find_reports(results.parent)
    return f"{base}/{results.name}/{page}" if base else str(results / page)


def _find_reports(results: Path) -> str:
    """The address at which the results folder is served; "" where it is none, or another folder's."""
    environment = read_environment()
    served = environment.reports_folder
    is_other = served is not None and served.absolute() != results.absolute()
    return "" if is_other else environment.reports_url.rstrip("/")
