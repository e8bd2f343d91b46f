"""A temporary Prefect server for one command, which starts while the command is still importing.

Prefect would start one by itself, but at a flow's first call only, and after importing its whole server into the
command's own process: on two cores that is another ten seconds before the first query.
"""

from __future__ import annotations

import atexit
import gc
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from blocks.errors import LoanwatchError

FLOWS = tuple(f"flows.{name}" for name in ("monitor", "train", "score", "backfill", "slack_test"))
STOP_SECONDS = 5.0
# A server that lives for one command has nothing to schedule, to clean up or to wait for.
IDLE_SERVICES = ("SCHEDULER", "LATE_RUNS", "FOREMAN", "REPOSSESSOR", "PAUSE_EXPIRATIONS", "CANCELLATION_CLEANUP")


class ServerStartError(LoanwatchError):
    """The temporary server did not start."""


class TemporaryServer:
    """One server on a free port of this machine, with the database of Prefect's profile and without its UI."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._address = ""
        self._said: IO[bytes] | None = None

    @property
    def is_running(self) -> bool:
        """Whether this process has started it and it has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it, unless it runs, and do not wait. It ends with this process, however that ends."""
        if self.is_running:
            return
        # The socket is handed over listening: no port can be lost to another process, and a request waits in its queue
        # until the server answers.
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self._address = f"http://127.0.0.1:{listening.getsockname()[1]}/api"
            self._said = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the server
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-m", "flows.cli.temporary_server", str(listening.fileno()), str(os.getpid())],
                pass_fds=[listening.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=self._said,
                stderr=self._said,
                # Ctrl-C is for the command, which then reports the run's end to the server.
                start_new_session=True,
                env=os.environ
                | {"PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_EPHEMERAL": "1"}
                | {f"PREFECT_SERVER_SERVICES_{name}_ENABLED": "false" for name in IDLE_SERVICES},
            )
        atexit.register(self.stop)

    @contextmanager
    def attach(self) -> Iterator[None]:
        """Within it Prefect uses this server, where none is configured.

        Raises ServerStartError, with what the server said, where it does not start.
        """
        from prefect.events.clients import PrefectEventsClient
        from prefect.events.worker import EventsWorker
        from prefect.settings import (
            PREFECT_API_URL,
            PREFECT_CLIENT_MAX_RETRIES,
            PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
            PREFECT_SERVER_EPHEMERAL_ENABLED,
            PREFECT_SERVER_UI_ENABLED,
            temporary_settings,
        )

        if PREFECT_API_URL.value() or not PREFECT_SERVER_EPHEMERAL_ENABLED.value():
            self.stop()
            yield
            return
        self.start()
        self._wait()
        settings = {
            PREFECT_API_URL: self._address,
            PREFECT_SERVER_UI_ENABLED: False,
            # Five tries last a minute, for every request; and nobody brings this server back, should it die.
            PREFECT_CLIENT_MAX_RETRIES: 2,
            # Nobody waits for a sign of life, and a run would wait up to a second for the thread that sends it.
            PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,
        }
        # Else ten tries, of seven seconds, for every event that is left when the command ends.
        EventsWorker.set_client_override(PrefectEventsClient, reconnection_attempts=1)
        with temporary_settings(settings):
            yield

    def stop(self) -> None:
        """End it, where it runs."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None

    def _wait(self) -> None:
        import httpx
        from prefect.settings import PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS

        patience = float(PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS.value())
        try:
            httpx.get(f"{self._address}/health", timeout=patience, trust_env=False).raise_for_status()
        except httpx.HTTPError as error:
            said = self._read_said()
            self.stop()
            require_writable_home()
            raise ServerStartError(
                f"The temporary Prefect server did not start within {patience:.0f} s ({type(error).__name__}). "
                f"Start `prefect server start` and set PREFECT_API_URL, or correct this: {said or 'it gave no reason.'}"
            ) from None

    def _read_said(self) -> str:
        if self._said is None:
            return ""
        self._said.seek(0)
        return self._said.read().decode(errors="replace").strip()[-2000:]


def require_writable_home() -> None:
    """Raises ServerStartError where Prefect's folder, in which the server keeps its records, cannot be written."""
    from prefect.settings import PREFECT_HOME

    home = Path(PREFECT_HOME.value()).expanduser()
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as error:
        raise ServerStartError(
            f"Prefect keeps the records of a run in {home}, which cannot be written ({error.strerror}). Make that "
            "folder writable, name another one with PREFECT_HOME, or name a Prefect server with PREFECT_API_URL."
        ) from None


def is_wanted(command: Sequence[str]) -> bool:
    """Whether a command line, as in `sys.orig_argv`, runs a flow and no Prefect server is named."""
    return runs_flow(command) and not os.environ.get("PREFECT_API_URL")


def runs_flow(command: Sequence[str]) -> bool:
    """Whether a command line runs a flow, and does not only print its help."""
    if "-m" not in command or {"--help", "-h", "--version"} & set(command):
        return False
    return command[command.index("-m") + 1] in FLOWS


def serve(descriptor: int, parent: int) -> None:
    """Be the server on a listening socket, for as long as the parent lives. With a server configured: nothing to do."""
    gc.disable()  # imports make much and leave no waste
    from prefect.settings import PREFECT_API_URL

    if PREFECT_API_URL.value():
        return
    import uvicorn
    from prefect.server.api.server import create_app

    gc.freeze()  # what imports have made stays, and need not be looked at again
    gc.enable()
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()
    config = uvicorn.Config(create_app, factory=True, log_level="error", lifespan="on")
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=descriptor)])


def _follow(parent: int) -> None:
    """A parent that was killed can end nobody."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os.kill(os.getpid(), signal.SIGTERM)


temporary_server = TemporaryServer()

if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]))
