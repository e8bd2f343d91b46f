"""Asking Prefect whether a block is registered, without reading its secret."""

from __future__ import annotations


def is_registered(name: str, block_type: str) -> bool:
    """Whether Prefect knows the block. Without a Prefect server or a run of its own there is nobody to ask: no.

    Raises httpx.HTTPError or RuntimeError where the server does not answer.
    """
    from prefect.context import FlowRunContext, TaskRunContext
    from prefect.settings import PREFECT_API_URL

    if not PREFECT_API_URL.value() and FlowRunContext.get() is None and TaskRunContext.get() is None:
        return False
    from prefect.client.orchestration import get_client
    from prefect.exceptions import ObjectNotFound

    try:
        with get_client(sync_client=True) as client:
            client.read_block_document_by_name(name, block_type, include_secrets=False)
    except ObjectNotFound:
        return False
    return True
