"""Lost runs: ask every run that is under way for a sign of life; Prefect's automations mark those that give none.

    python -m deployments.lost_runs

The automations count from a run's last event. A server that has not seen that event, as it was made anew, was down for
long, or has got the automation only since, waits for nothing. An event of ours makes it wait again: a run that lives
sends a heartbeat before its time is up, and one that does not is marked as crashed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from prefect import flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun, StateType

from blocks.prefect_server import require_server
from tasks.prefect_ui.event_names import ASKED_RUNNING, ASKED_STARTING
from tasks.prefect_ui.run_names import name_at_start

TAG = "loanwatch"
PAGE = 200
# What a run does after it was read is to count as an answer, although clocks differ.
MARGIN = timedelta(seconds=10)


@flow(
    name="lost-runs",
    description="Ask the runs that are under way for a sign of life; the lost give none.",
    flow_run_name=name_at_start,
)
def lost_runs() -> str:
    """Ask once; says how many were asked."""
    with get_client(sync_client=True) as client:
        return ask_runs(client, datetime.now(UTC))


def ask_runs(client: SyncPrefectClient, now: datetime) -> str:
    """Ask every run of loanwatch that is running or about to; says how many."""
    questions = [make_question(run, now - MARGIN) for run in find_runs(client)]
    if questions:
        client.request("POST", "/events", json=questions)
    return f"runs under way: {len(questions)} asked for a sign of life"


def find_runs(client: SyncPrefectClient) -> list[FlowRun]:
    """Every run of loanwatch that, as far as the server knows, is under way."""
    wanted = FlowRunFilter.model_validate(
        {"tags": {"all_": [TAG]}, "state": {"type": {"any_": [StateType.RUNNING, StateType.PENDING]}}}
    )
    found: list[FlowRun] = []
    while len(page := client.read_flow_runs(flow_run_filter=wanted, limit=PAGE, offset=len(found))) == PAGE:
        found += page
    return [*found, *page]


def make_question(run: FlowRun, occurred: datetime) -> dict[str, Any]:
    """The event that asks a run. It names what an automation's message needs."""
    is_running = run.state is not None and run.state.type == StateType.RUNNING
    return {
        "id": str(uuid4()),
        "occurred": occurred.isoformat(),
        "event": ASKED_RUNNING if is_running else ASKED_STARTING,
        "resource": {"prefect.resource.id": f"prefect.flow-run.{run.id}", "prefect.resource.name": run.name},
        "related": [
            _relate("flow", run.flow_id),
            *([_relate("deployment", run.deployment_id)] if run.deployment_id else []),
            *_relate_tags(run.tags),
        ],
        "payload": {},
    }


def _relate(kind: str, identity: object) -> dict[str, str]:
    return {"prefect.resource.id": f"prefect.{kind}.{identity}", "prefect.resource.role": kind}


def _relate_tags(tags: Iterable[str]) -> list[dict[str, str]]:
    return [_relate("tag", tag) for tag in sorted(tags)]


if __name__ == "__main__":
    if missing := require_server():
        sys.exit(missing)
    with get_client(sync_client=True) as prefect_client:
        print(ask_runs(prefect_client, datetime.now(UTC)))
