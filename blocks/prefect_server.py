"""The Prefect server that blocks and deployments are kept on."""

from __future__ import annotations

import sys


def require_server() -> int:
    """0 where a lasting Prefect server is named and answers; else says what to do, and 2 or 1.

    A temporary server would save the blocks where no worker finds them.
    """
    if not find_server():
        print("error: PREFECT_API_URL is not set. Start `prefect server start`, and name its /api.", file=sys.stderr)
        return 2
    fault = find_fault()
    if fault:
        print(f"error: {fault}", file=sys.stderr)
        return 1
    return 0


def find_server() -> str | None:
    """The address of the lasting Prefect server that is configured, if any."""
    from prefect.settings import PREFECT_API_URL

    return PREFECT_API_URL.value() or None


def find_fault() -> str | None:
    """What is wrong with the configured server, in a sentence; None where it answers."""
    from httpx import HTTPError
    from prefect.client.orchestration import get_client

    try:
        with get_client(sync_client=True) as client:
            failure = client.api_healthcheck()
    except (HTTPError, RuntimeError) as error:
        failure = error
    return f"the Prefect server at {find_server()} does not answer ({type(failure).__name__})." if failure else None
