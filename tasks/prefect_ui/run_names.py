"""Names and tags of runs: what Prefect's lists show, and what they can be filtered by.

Every run that did its work ends in Prefect's own state `Completed`, as its pages leave other names out. So the outcome
is in the run's name, in a tag, and at the beginning of the state's message. None of this ever fails a run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext

from tasks.core.findings import Verdict
from tasks.core.run_tags import read_backfill
from tasks.core.wording import VERDICTS
from tasks.job.job import Job
from tasks.job.journal import describe_error, log

BY_HAND = "by hand"


def name_at_start() -> str:
    """A run's first name, for a flow's `flow_run_name`: what was asked for, and why it started.

    A run that fails before its window is known keeps it.
    """
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        return BY_HAND
    asked = describe_request(context.parameters or {}) or str(context.flow.name if context.flow else "")
    return f"{asked}, {explain_start(context.flow_run)}"


def describe_request(given: Mapping[str, Any]) -> str:
    """Contract and days, as far as the parameters name them: "loan_applications 2024-08-01 to 2024-08-31"."""
    if "contract" not in given:
        return ""
    contract = Path(str(given["contract"])).stem
    if given.get("start") and given.get("end"):
        return f"{contract} {given['start']} to {given['end']}"
    trailing = given.get("trailing_days")
    return f"{contract}, last {trailing} days" if trailing else contract


def explain_start(flow_run: FlowRun) -> str:
    """Why a run was started, as Prefect knows it."""
    backfill = read_backfill(flow_run.tags)
    if backfill is not None:
        return f"backfill of {backfill[1]}"
    if flow_run.auto_scheduled:
        return "scheduled"
    if flow_run.parent_task_run_id is not None:
        return "part of another run"
    creator = flow_run.created_by.type if flow_run.created_by else None
    return "by automation" if creator == "AUTOMATION" else BY_HAND


def is_by_hand(flow_run: FlowRun) -> bool:
    """Whether a person started the run."""
    return explain_start(flow_run) == BY_HAND


def name_run(job: Job, flow_run: FlowRun) -> str:
    """Window and reason: "loan_applications 2024-08-01 to 2024-08-31, scheduled"."""
    return f"{job.contract.name} {job.window}, {explain_start(flow_run)}"


def rename_run(job: Job) -> None:
    """Give the run the name of its window, which is known by now."""
    context = FlowRunContext.get()
    if context is not None and context.flow_run is not None:
        _update(context.flow_run, name_run(job, context.flow_run))


def show_end(said: str, tags: Iterable[str] = (), verdict: Verdict | None = None) -> None:
    """Add to the run's name how it ended, and these tags.

    Every run that did its work is as green as any other, and a list may cut off a long name and leave no room for the
    tags: the mark of the gravest verdict comes first.
    """
    context = FlowRunContext.get()
    if context is not None and context.flow_run is not None:
        mark = f"{VERDICTS[verdict].mark} " if verdict else ""
        _update(context.flow_run, f"{mark}{context.flow_run.name}: {said}", tags)


def _update(flow_run: FlowRun, name: str, tags: Iterable[str] = ()) -> None:
    try:
        every = [*flow_run.tags, *(tag for tag in tags if tag not in flow_run.tags)]
        with get_client(sync_client=True) as client:
            client.update_flow_run(flow_run.id, name=name, tags=every)
        # Whoever reads the run later, such as the alert of a failure, finds the name that the pages show.
        flow_run.name, flow_run.tags = name, every
    except Exception as error:  # the UI is no reason to fail
        log.warning("The run could not be named in the Prefect UI: %s", describe_error(error))
