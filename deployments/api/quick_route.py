"""A route that answers a usual body at once, and leaves any other to FastAPI.

FastAPI's way from a body to an answer (a form for each application, a thread, a record for each answer) takes longer
than scoring. It stays what describes the route and what tells the mistakes in a body.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from fastapi.routing import APIRoute

# The response to a body, or None where FastAPI is to answer.
Answer = Callable[[bytes], Awaitable[Response | None]]


def make_quick_route(answer: Answer) -> type[APIRoute]:
    """A class of routes that ask `answer` first, where the body is said to be JSON."""

    class QuickRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            usual = super().get_route_handler()

            async def handle(request: Request) -> Response:
                kind = request.headers.get("content-type", "").partition(";")[0]
                if kind.strip().lower() == "application/json":
                    response = await answer(await request.body())
                    if response is not None:
                        return response
                return await usual(request)

            return handle

    return QuickRoute
