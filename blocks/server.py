"""The Prefect server that blocks and deployments are kept on."""

from __future__ import annotations

import sys


def require_server() -> int:
    """0 where a lasting Prefect server is named and answers; else says what to do, and 2 or 1.

    A temporary server would save the blocks where no worker finds them.
    """
    from httpx import HTTPError
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_API_URL

    address = PREFECT_API_URL.value()
    if not address:
        print("error: PREFECT_API_URL is not set. Start `prefect server start`, and name its /api.", file=sys.stderr)
        return 2
    try:
        with get_client(sync_client=True) as client:
            failure = client.api_healthcheck()
    except (HTTPError, RuntimeError) as error:
        failure = error
    if failure is not None:
        print(f"error: the Prefect server at {address} does not answer ({type(failure).__name__}).", file=sys.stderr)
        return 1
    return 0
