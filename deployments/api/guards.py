"""Guards: requests that are refused before they are read, and error messages that never repeat the input."""

from __future__ import annotations

import secrets
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from blocks.errors import LoanwatchError

MOST_BYTES = 1_000_000
MOST_DRAINED_BYTES = 64_000_000
MOST_MISTAKES = 20
OPEN_PATHS = ("/ping",)
KEY_HEADER = b"x-api-key"


class SizeGuard:
    """Refuses bodies above a limit with 413, and never keeps more than that in memory."""

    def __init__(self, app: ASGIApp, limit: int = MOST_BYTES) -> None:
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
        """Pass on requests with the key, and the health check."""
        if scope["type"] == "http" and scope["path"] not in OPEN_PATHS:
            given = dict(scope["headers"]).get(KEY_HEADER, b"")
            if not secrets.compare_digest(given, self._key):
                detail = "Send the API key in the header X-API-Key."
                await JSONResponse({"detail": detail}, status_code=401)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _replay(messages: list[Message], receive: Receive) -> Receive:
    left = iter(messages)

    async def read() -> Message:
        message = next(left, None)
        return message if message is not None else await receive()

    return read


async def answer_invalid(_request: Request, error: Exception) -> JSONResponse:
    """422: the place of each mistake and what is expected there. The input is not repeated: it may be hostile."""
    mistakes = error.errors() if isinstance(error, RequestValidationError) else []
    detail = [
        {"where": _format_place(mistake["loc"]), "what": _describe(mistake)} for mistake in mistakes[:MOST_MISTAKES]
    ]
    return JSONResponse({"detail": detail, "mistakes": len(mistakes)}, status_code=422)


async def answer_refused(_request: Request, error: Exception) -> JSONResponse:
    """FastAPI's own refusals; its 400 for a body that cannot be decoded becomes 422."""
    status = error.status_code if isinstance(error, HTTPException) else 422
    detail = error.detail if isinstance(error, HTTPException) else ""
    if status == 400:
        return JSONResponse({"detail": [{"where": "body", "what": "is not valid JSON in UTF-8"}]}, status_code=422)
    return JSONResponse({"detail": detail}, status_code=status)


async def answer_unavailable(_request: Request, error: Exception) -> JSONResponse:
    """503: no model is available, and what to do about it."""
    detail = (
        str(error) if isinstance(error, LoanwatchError) else "The model registry does not respond. Try again later."
    )
    return JSONResponse({"detail": detail}, status_code=503)


def _format_place(location: tuple[Any, ...]) -> str:
    """Such as `[3].term`, without pydantic's names of the alternatives."""
    parts = [part for part in location if part not in ("body", "one", "many")]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).lstrip(".")
    return place[:200].encode("utf-8", "backslashreplace").decode() or "body"


def _describe(mistake: dict[str, Any]) -> str:
    if mistake["type"] == "json_invalid":
        return "is not valid JSON"
    if mistake["type"] == "extra_forbidden":
        return "is not a column of the contract; check the spelling"
    if mistake["type"] == "missing":
        return "is missing; send null if the value is unknown"
    message = str(mistake["msg"]).removeprefix("Value error, ")
    return message.encode("utf-8", "backslashreplace").decode()
