"""Guards: what is turned away before anything reads it, and errors that say what to do without repeating the input."""

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
    """Refuses bodies above a limit with 413, and never holds more of them than that."""

    def __init__(self, app: ASGIApp, limit: int = MOST_BYTES) -> None:
        self._app, self._limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body up to the limit, then let the application have it."""
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
            # What is too long is read to its end, so that a client that still sends can read the answer.
            if size > MOST_DRAINED_BYTES or message["type"] != "http.request" or not message.get("more_body"):
                break
        if size > self._limit:
            told = f"The body is longer than {self._limit:,} bytes. Send fewer applications at a time."
            await JSONResponse({"detail": told}, status_code=413)(scope, receive, send)
            return
        await self._app(scope, _replay(messages, receive), send)


class KeyGuard:
    """Refuses requests without the API key with 401, where there is one."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app, self._key = app, key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let through what carries the key, and the health check."""
        if scope["type"] == "http" and scope["path"] not in OPEN_PATHS:
            given = dict(scope["headers"]).get(KEY_HEADER, b"")
            if not secrets.compare_digest(given, self._key):
                told = "Send the API key in the header X-API-Key."
                await JSONResponse({"detail": told}, status_code=401)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _replay(messages: list[Message], receive: Receive) -> Receive:
    left = iter(messages)

    async def read() -> Message:
        message = next(left, None)
        return message if message is not None else await receive()

    return read


async def tell_mistakes(_request: Request, error: Exception) -> JSONResponse:
    """422: where each mistake is and what should stand there. What was sent is not repeated: it may not be text."""
    mistakes = error.errors() if isinstance(error, RequestValidationError) else []
    told = [{"where": _spell(mistake["loc"]), "what": _say(mistake)} for mistake in mistakes[:MOST_MISTAKES]]
    return JSONResponse({"detail": told, "mistakes": len(mistakes)}, status_code=422)


async def tell_refusal(_request: Request, error: Exception) -> JSONResponse:
    """FastAPI says 400 of a body that it cannot even decode; to the caller that is one more form of 422."""
    status = error.status_code if isinstance(error, HTTPException) else 422
    detail = error.detail if isinstance(error, HTTPException) else ""
    if status == 400:
        return JSONResponse({"detail": [{"where": "body", "what": "is not JSON in UTF-8"}]}, status_code=422)
    return JSONResponse({"detail": detail}, status_code=status)


async def tell_unavailable(_request: Request, error: Exception) -> JSONResponse:
    """503: no model can be served, and what to do about it."""
    told = str(error) if isinstance(error, LoanwatchError) else "The model registry does not answer."
    return JSONResponse({"detail": told}, status_code=503)


def _spell(location: tuple[Any, ...]) -> str:
    """Such as `[3].term`; the words that only tell one application from many are left out."""
    parts = [part for part in location if part not in ("body", "one", "many")]
    spelt = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).lstrip(".")
    return spelt[:200].encode("utf-8", "backslashreplace").decode() or "body"


def _say(mistake: dict[str, Any]) -> str:
    if mistake["type"] == "json_invalid":
        return "is not JSON"
    if mistake["type"] == "extra_forbidden":
        return "is no column of the contract; is it misspelt?"
    if mistake["type"] == "missing":
        return "is missing; send null where the value is not known"
    told = str(mistake["msg"]).removeprefix("Value error, ")
    return told.encode("utf-8", "backslashreplace").decode()
