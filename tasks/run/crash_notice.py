"""A crash is told once: by the automations of the Prefect server where they cover the run, else by the next run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from blocks.prefect_server import find_server
from tasks.job.journal import describe_error, log

# As in `deployments/automations.py`, which these rest on.
TAG = "loanwatch"
CRASHED, HUNG = "loanwatch: alert on crashed runs", "loanwatch: mark runs without a heartbeat as crashed"


def is_told_by_server(flow_run: str) -> bool:
    """Whether the Prefect server has told of this run's crash, or will as soon as it misses the heartbeat.

    Parameters
    ----------
    flow_run : str
        The id of the Prefect run; empty where it is not known.

    Returns
    -------
    bool
        False where there is no lasting server, it does not answer or does not know the run, or its automations do not
        cover the run: better told twice than never.
    """
    if not flow_run or not find_server():
        return False
    from prefect.client.orchestration import get_client

    try:
        with get_client(sync_client=True) as client:
            run = client.read_flow_run(UUID(flow_run))
            automations = client.request("POST", "/automations/filter", json={}).json()
    except Exception as error:
        log.warning("The Prefect server could not be asked about a dead run: %s", describe_error(error))
        return False
    is_lost = run.state is not None and run.state.type in ("CRASHED", "RUNNING", "PENDING")
    return is_lost and TAG in run.tags and tells_crashes(automations)


def tells_crashes(automations: Iterable[Mapping[str, Any]]) -> bool:
    """Whether both automations are there, switched on, and send a notification."""
    telling = {
        automation["name"]
        for automation in automations
        if automation["enabled"] and any(action["type"] == "send-notification" for action in automation["actions"])
    }
    return {CRASHED, HUNG} <= telling
