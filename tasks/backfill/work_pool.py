"""Pool runs: one run of the deployment `monitor/window` for each window, shared by the workers of a work pool."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    WorkerFilter,
    WorkerFilterStatus,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, StateType
from sqlalchemy import Engine

from blocks.errors import UsageError
from tasks.backfill.queue import MOST_WINDOWS, Replay, save_state, tag_replays
from tasks.core.run_tags import TAGS, read_outcome

DEPLOYMENT = "window"  # of the flow monitor, without the limit of one run at a time that `monitor/monitor` has
POLL_SECONDS = 2.0
DIED = (StateType.CRASHED, StateType.CANCELLED)


@dataclass(frozen=True)
class Place:
    """Where the windows run: the deployment, and the tag of their backfill."""

    deployment: UUID
    tag: str


class WorkPoolError(UsageError):
    """The work pool cannot be given the windows."""


def replay_on_pool(engine: Engine, replays: list[Replay], pool: str, *, in_order: bool) -> Iterator[list[Replay]]:
    """Start a run for each open window and wait for all; yields every window whenever one has ended.

    A run's key is its backfill, window and attempt, and the server keeps one run of a key: a backfill that is started
    again meets the runs of the first one.
    """
    with get_client(sync_client=True) as client:
        deployment = find_deployment(client, pool)
        known, tag = {replay.window: replay for replay in replays}, tag_replays(replays)
        while any(replay.is_open for replay in known.values()):
            is_news, places = False, _count_places(client, pool)
            for window, replay in list(known.items()):
                under_way = sum(each.state == "running" for each in known.values())
                if replay.state == "running" or (replay.state == "pending" and under_way < places):
                    known[window] = _advance(client, engine, Place(deployment, tag), replay)
                    is_news |= not known[window].is_open
                if in_order and known[window].state != "finished":
                    break
            if is_news:
                yield list(known.values())
            if in_order and any(replay.state == "failed" for replay in known.values()):
                return
            time.sleep(POLL_SECONDS)


def find_deployment(client: SyncPrefectClient, pool: str) -> UUID:
    """The deployment `monitor/window` of a work pool. Raises WorkPoolError where there is none."""
    found = client.read_deployments(
        deployment_filter=DeploymentFilter(name=DeploymentFilterName(any_=[DEPLOYMENT])),
        work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[pool])),
    )
    if not found:
        raise WorkPoolError(
            f"The work pool {pool} has no deployment monitor/{DEPLOYMENT}, or PREFECT_API_URL names another server. "
            "Run `python -m deployments.setup`, which makes the pool and `prefect deploy --all`."
        )
    return found[0].id


def _count_places(client: SyncPrefectClient, pool: str) -> int:
    """How many runs may be under way at once: one for each process worker that is there, at least one.

    A process worker would take up all windows at once and share its memory among them, and one with a limit would
    leave them to become late. The workers of other pools run each one on a machine of its own.
    """
    if client.read_work_pool(pool).type != "process":
        return MOST_WINDOWS
    online = WorkerFilter(status=WorkerFilterStatus(any_=["ONLINE"]))
    return max(1, len(client.read_workers_for_work_pool(pool, worker_filter=online)))


def _advance(client: SyncPrefectClient, engine: Engine, place: Place, replay: Replay) -> Replay:
    """Start the window's run, or look how far it has come."""
    attempt = replay.attempts if replay.state == "running" else replay.attempts + 1
    # With a key that the server knows this answers with the run of that key. It names itself as it starts.
    run = client.create_flow_run_from_deployment(
        place.deployment,
        parameters=replay.parameters,
        name=f"{replay.window}, {place.tag}",
        tags=[*TAGS, place.tag],
        idempotency_key=f"loanwatch-backfill-{replay.backfill}-{replay.window.start}-{attempt}",
    )
    after = replace(replay, state="running", attempts=attempt)
    if run.state is not None and run.state.is_final():
        after = _judge(after, run)
    return after if after == replay else save_state(engine, after)


def _judge(replay: Replay, run: FlowRun) -> Replay:
    """What the end of a run says of its window: a run that died is tried again, one that failed is not."""
    state = run.state
    if state is not None and state.is_completed():
        return replace(replay, state="finished", outcome=read_outcome(run.tags, str(state.message)))
    if state is not None and state.type in DIED and replay.attempts < replay.allowed:
        return replace(replay, state="pending")
    return replace(replay, state="failed", message=str(state.message if state else "The run has no state."))
