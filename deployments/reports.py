"""Reports: the results folder over HTTP, for whoever knows the password. A process worker serves its own by default.

    LOANWATCH_REPORTS_PASSWORD_FILE=… python -m deployments.reports

Only files are served, never the list of a folder. Without a password only this machine is answered.
"""

from __future__ import annotations

import base64
import binascii
import secrets
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from cyclopts import App
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from blocks.environment import name_variable
from blocks.errors import LoanwatchError
from blocks.secrets import SecretError, read_secret
from flows.cli.errors import report_error

LAST_ANSWERS_SECONDS = 5.0  # for those that are under way when it stops
USER = "loanwatch"
OWN_NAMES = ("127.0.0.1", "localhost")


class ReportsError(LoanwatchError):
    """The reports cannot be served as it was asked for."""


class PortTakenError(ReportsError):
    """Another program listens there."""


app = App(name="deployments.reports", help="Serve the results folder to whoever knows the password.")


@app.default
def command(*, host: str = "127.0.0.1", port: int = 8081, results: Path = Path("results")) -> int:
    """Serve the results folder. The user is loanwatch, the password LOANWATCH_REPORTS_PASSWORD or what its _FILE holds.

    Parameters
    ----------
    host
        The address to listen on.
    port
        The port to listen on.
    results
        The folder.
    """
    try:
        served = create_app(results, read_password())
    except LoanwatchError as error:
        return report_error(error)
    uvicorn.run(served, host=host, port=port, log_level="info")
    return 0


def read_password() -> str:
    """The password. Raises SecretError where there is none: reports are not for everyone."""
    password = read_secret("reports_password")
    if not password:
        variable = name_variable("reports_password")
        raise SecretError(f"The reports need a password: set {variable}, or name its file in {variable}_FILE.")
    return password


def create_app(results: Path, password: str | None) -> Starlette:
    """The application for one folder. Without a password it answers only who calls it by this machine's own name.

    So that no page of another site can read the reports through a name of its own that leads here.
    """
    guard = Middleware(PasswordGuard, password=password) if password else None
    app = Starlette(middleware=[guard or Middleware(TrustedHostMiddleware, allowed_hosts=list(OWN_NAMES))])
    app.mount("/", StaticFiles(directory=results, html=True, check_dir=False))
    return app


@contextmanager
def serve(results: Path, host: str, port: int) -> Iterator[str]:
    """Serve the folder beside other work, while the block lasts; yields the address.

    Raises PortTakenError, or ReportsError where others could read the reports without a password.
    """
    password = read_secret("reports_password")
    if password is None and host not in OWN_NAMES:
        variable = name_variable("reports_password")
        raise ReportsError(f"Without a password the reports are for this machine only. Set {variable} to use {host}.")
    try:
        listening = socket.create_server((host, port))
    except OSError as error:
        raise PortTakenError(
            f"The reports are not served: {host}:{port} cannot be used ({error.strerror}). Where another worker serves "
            f"them there, set {name_variable('reports_url')} to it; else name another port with --reports-port."
        ) from None
    server = uvicorn.Server(uvicorn.Config(create_app(results, password), log_level="warning"))
    thread = threading.Thread(target=server.run, args=([listening],), name="reports", daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(LAST_ANSWERS_SECONDS)
        listening.close()


class PasswordGuard:
    """Refuses requests without the password with 401, so that a browser asks for it."""

    def __init__(self, app: ASGIApp, password: str) -> None:
        self._app, self._expected = app, f"{USER}:{password}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on requests with the password."""
        if scope["type"] == "http" and not self._is_known(dict(scope["headers"]).get(b"authorization", b"")):
            asked = {"WWW-Authenticate": 'Basic realm="loanwatch reports", charset="UTF-8"'}
            text = f"Sign in as {USER} with the password of the reports.\n"
            await PlainTextResponse(text, status_code=401, headers=asked)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_known(self, header: bytes) -> bool:
        scheme, _, given = header.partition(b" ")
        try:
            decoded = base64.b64decode(given, validate=True)
        except (binascii.Error, ValueError):
            return False
        return scheme.lower() == b"basic" and secrets.compare_digest(decoded, self._expected)


if __name__ == "__main__":
    sys.exit(app())
