"""The scoring API on a real server, and applications as a caller writes them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import uvicorn

from deployments.api.app import create_app
from tasks.contract.load import load_contract
from tests.support.wait import PATIENCE, wait_until

CONTRACT = load_contract("loan_applications")


def make_request(**changes: Any) -> dict[str, Any]:
    """An application as a caller writes it; a column is "left out" by that word."""
    application: dict[str, Any] = dict.fromkeys(column.name for column in CONTRACT.features)
    application |= {"current_loan_amount": 12_000, "term": "Short Term", "home_ownership": "HaveMortgage"}
    application |= {"monthly_debt": "$1,234.50", "credit_score": 700, "years_in_current_job": "10+ years"}
    return {name: value for name, value in (application | changes).items() if value != "left out"}


@contextmanager
def serve(**options: Any) -> Iterator[httpx.Client]:
    """A client of the API on a real server."""
    server = uvicorn.Server(uvicorn.Config(create_app(**options), host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started, PATIENCE, "the API", pause=0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        yield client
    server.should_exit = True
    thread.join(20)
