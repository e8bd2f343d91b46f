"""Guards: requests that are refused before they are read, and what a client is told where a request fails."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from blocks.errors import LoanwatchError
from deployments.api.form import MOST_APPLICATIONS
from deployments.api.mistakes import list_mistakes
from deployments.api.records import Mistake, Mistakes
from tasks.contract.contract import Contract

# Of a value with its name, such as a text of 200 characters; most values need a tenth of it.
MOST_BYTES_A_VALUE = 500
MOST_DRAINED_BYTES = 64_000_000
STATIC_PATH = "/static"
# What a browser shows of the description, which holds no data. It cannot send a key before the page is there.
OPEN_PATHS = ("/ping", "/docs", "/openapi.json")
KEY_HEADER = "X-API-Key"


def find_most_bytes(contract: Contract) -> int:
    """The largest body: the longest list of whole records always fits."""
    return MOST_APPLICATIONS * len(contract.columns) * MOST_BYTES_A_VALUE


class SizeGuard:
    """Refuses bodies above a limit with 413, and never keeps more than that in memory."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app, self._limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body up to the limit, then pass it to the application."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        messages: list[Message] = []
        size = 0
        while True:
            message = await receive()
            size += len(message.get("body", b""))
            if size > self._limit:
                messages.clear()
            else:
                messages.append(message)
            # A body that is too large is read to its end, so that a client that is still sending can read the response.
            if size > MOST_DRAINED_BYTES or message["type"] != "http.request" or not message.get("more_body"):
                break
        if size > self._limit:
            detail = f"The request body is larger than {self._limit:,} bytes. Send fewer applications at a time."
            await JSONResponse({"detail": detail}, status_code=413)(scope, receive, send)
            return
        await self._app(scope, _replay(messages, receive), send)


class KeyGuard:
    """Refuses requests without the API key with 401."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app, self._key = app, key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on requests with the key, the health check and the description."""
        if scope["type"] == "http" and not _is_open(scope["path"]):
            given = dict(scope["headers"]).get(KEY_HEADER.lower().encode(), b"")
            if not secrets.compare_digest(given, self._key):
                detail = f"Send the API key in the header {KEY_HEADER}."
                await JSONResponse({"detail": detail}, status_code=401)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _is_open(path: str) -> bool:
    return path in OPEN_PATHS or path.startswith(f"{STATIC_PATH}/")


def _replay(messages: list[Message], receive: Receive) -> Receive:
    left = iter(messages)

    async def read() -> Message:
        message = next(left, None)
        return message if message is not None else await receive()

    return read


Handler = Callable[[Request, Exception], Coroutine[Any, Any, JSONResponse]]


def make_answer_invalid(columns: Iterable[str]) -> Handler:
    """What answers a body that cannot be read: 422, the place of each mistake and what is expected there."""
    known = tuple(columns)

    async def answer_invalid(_request: Request, error: Exception) -> JSONResponse:
        errors = error.errors() if isinstance(error, RequestValidationError) else []
        told = Mistakes(detail=list_mistakes(errors, known), mistakes=len(errors))
        return JSONResponse(told.model_dump(), status_code=422)

    return answer_invalid


async def answer_refused(_request: Request, error: Exception) -> JSONResponse:
    """FastAPI's own refusals; its 400 for a body that cannot be decoded becomes 422."""
    status = error.status_code if isinstance(error, HTTPException) else 422
    detail = error.detail if isinstance(error, HTTPException) else ""
    if status == 400:
        told = Mistakes(detail=[Mistake(where="body", what="is not valid JSON in UTF-8")], mistakes=1)
        return JSONResponse(told.model_dump(), status_code=422)
    return JSONResponse({"detail": detail}, status_code=status)


async def answer_unavailable(_request: Request, error: Exception) -> JSONResponse:
    """503: no model is available, and what to do about it."""
    detail = (
        str(error) if isinstance(error, LoanwatchError) else "The model registry does not respond. Try again later."
    )
    return JSONResponse({"detail": detail}, status_code=503)
