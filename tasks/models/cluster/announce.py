"""Announce: where a run's parts are worked on, in its log and among its artifacts in the Prefect UI."""

from __future__ import annotations

from functools import lru_cache

from tasks.job.journal import log


def announce(address: str, dashboard: str | None) -> None:
    """Say where the parts are worked on. Within a flow run the dashboard's link is one of its artifacts."""
    from prefect.context import FlowRunContext

    log.info("The Dask cluster at %s works on the parts; its dashboard: %s", address, dashboard or "none")
    context = FlowRunContext.get()
    if dashboard and context is not None and context.flow_run is not None:
        _link(str(context.flow_run.id), address, dashboard)


@lru_cache(1)
def _link(_flow_run: str, address: str, dashboard: str) -> None:
    """Once in a run: it reads a reference and a window, and may read either again."""
    from prefect.artifacts import create_link_artifact

    create_link_artifact(link=dashboard, link_text="Dask dashboard", description=f"Dask cluster at {address}")
