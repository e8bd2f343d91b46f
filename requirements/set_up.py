"""Sets up .venv: makes it, installs what the lock names, and does nothing where that is done already.

PYTHON, EXTRAS and WHEELS of the Makefile arrive in the environment. Only the standard library, since this runs first.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from sources import make_variables

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = str(VENV / "bin" / "python")
UV = str(VENV / "bin" / "uv")
RECORD = VENV / ".ready"
ALWAYS = ("base", "embedded", "dev")
# All unless EXTRAS names some or none: tests and types cover all of them.
OPTIONAL = ("deepchecks", "docker", "s3", "onnx", "skops", "dask")


class SetUpError(Exception):
    """The environment could not be made; the message says what to do."""


def set_up(environment: Mapping[str, str]) -> None:
    """Make .venv what the lock and the user's choice say; a second one waits for the first."""
    wanted = describe(choose_extras(environment, read_record()))
    if is_done(wanted):
        return
    wheels = find_wheels(environment)
    with hold_lock():
        before = read_record()
        if is_done(wanted):
            return
        if reason := find_reason_to_make(before, wanted):
            say(f"{reason} .venv with Python {sys.version.split()[0]} …")
            run([sys._base_executable, "-m", "venv", "--clear", str(VENV)])  # type: ignore[attr-defined]
        else:
            say("bringing .venv up to date …")
        RECORD.write_text(json.dumps(wanted | {"requirements": "unfinished"}), encoding="utf-8")
        install(list_parts(wanted["extras"]), wheels)
        RECORD.write_text(json.dumps(wanted), encoding="utf-8")


def choose_extras(environment: Mapping[str, str], before: Mapping[str, str | None]) -> str | None:
    """What EXTRAS says now, else what it said last; None is all of them."""
    if (extras := environment.get("EXTRAS")) is None:
        return before.get("extras")
    if unknown := sorted(set(extras.split()) - set(OPTIONAL)):
        raise SetUpError(f"EXTRAS names {', '.join(unknown)}; there are: {' '.join(OPTIONAL)}")
    return " ".join(sorted(set(extras.split())))


def list_parts(extras: str | None) -> list[Path]:
    """The files of the lock that are installed."""
    names = OPTIONAL if extras is None else extras.split()
    return [ROOT / "requirements" / f"{name}.lock" for name in (*ALWAYS, *names)]


def describe(extras: str | None) -> dict[str, str | None]:
    """What .venv has to be, by which it is known whether it is. A moved folder breaks the commands in .venv/bin."""
    digest = hashlib.sha256()
    for file in (*list_parts(extras), ROOT / "pyproject.toml"):
        digest.update(file.name.encode() + file.read_bytes())
    python = f"{sys.version_info[0]}.{sys.version_info[1]} of {os.path.realpath(sys.base_prefix)}"
    return {"python": python, "folder": str(ROOT), "extras": extras, "requirements": digest.hexdigest()}


def read_record() -> dict[str, str | None]:
    """What the last set-up wrote down; empty before the first."""
    with suppress(OSError, ValueError):
        return dict(json.loads(RECORD.read_text(encoding="utf-8")))
    return {}


def is_done(wanted: Mapping[str, str | None]) -> bool:
    """Whether nothing is left to do."""
    return read_record() == wanted and works([PYTHON, "-c", ""])


def find_reason_to_make(before: Mapping[str, str | None], wanted: Mapping[str, str | None]) -> str | None:
    """Why .venv has to be made, as the beginning of a sentence; None: what is there can be brought up to date."""
    if not before:
        return "setting up" if not VENV.exists() else "an incomplete environment was found; setting up"
    if before["folder"] != wanted["folder"]:
        return "the folder has moved; making anew"
    if before["python"] != wanted["python"]:
        return f"the environment is one of Python {before['python']}; making anew"
    return None if works([PYTHON, "-c", "import pip"]) else "the environment's Python is gone; making anew"


def find_wheels(environment: Mapping[str, str]) -> Path | None:
    """The folder of `make wheels`, from which alone packages are then taken."""
    folder = ROOT / (environment.get("WHEELS") or "wheels")
    if folder.is_dir() and environment.get("WHEELS") != "":
        return folder
    if environment.get("WHEELS"):
        raise SetUpError(f"there is no folder WHEELS={folder}; on a machine with a network, `make wheels` makes it")
    return None


def install(parts: list[Path], wheels: Path | None) -> None:
    """Exactly what the lock names, by its hashes, as wheels: nothing is built and nothing runs on the way."""
    only = ["--only-binary", ":all:"]
    environment = dict(os.environ)
    if wheels:
        say(f"packages are taken from {wheels} only")
        only += ["--no-index", "--find-links", str(wheels)]
        # Without a network, a mirror that pip.conf names cannot be asked.
        environment = {name: value for name, value in environment.items() if not name.startswith("PIP_")}
        environment["PIP_CONFIG_FILE"] = os.devnull
    variables = make_variables(PYTHON, environment)
    if "PIP_NO_INDEX" in variables:
        only.append("--no-index")
    if variables.get("PYTHONDONTWRITEBYTECODE"):
        # Python would then compile all of it anew at each start, which takes longer than most commands.
        variables |= {"UV_COMPILE_BYTECODE": "1", "UV_COMPILE_BYTECODE_TIMEOUT": "600"}
    if not works([UV, "--version"]):
        install_uv(only, variables)
    quiet = ["--quiet", "--python", PYTHON]
    run([UV, "pip", "sync", *quiet, "--require-hashes", *only, *map(str, parts)], variables)
    run([UV, "pip", "install", *quiet, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)], variables)


def install_uv(only: list[str], variables: Mapping[str, str]) -> None:
    """uv itself, by pip, since every Python brings pip."""
    lock = (ROOT / "requirements" / "dev.lock").read_text(encoding="utf-8")
    pinned = re.search(r"^uv==(?:.*\\\n)*.*$", lock, re.MULTILINE)
    if not pinned:
        raise SetUpError("requirements/dev.lock does not name uv: make lock")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "uv.txt"
        file.write_text(pinned[0], encoding="utf-8")
        options = ["--quiet", "--disable-pip-version-check", "--no-user", "--no-deps", "--require-hashes"]
        run([PYTHON, "-m", "pip", "install", *options, *only, "--requirement", str(file)], variables)


@contextmanager
def hold_lock() -> Iterator[None]:
    """One set-up at a time. The system lets go of the lock when its holder ends, however it ends."""
    with Path(__file__).open("r+b") as lock:
        # uv inherits it: while one that lost its parent still writes, nobody else begins.
        os.set_inheritable(lock.fileno(), True)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another make is setting up .venv; waiting for it …")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def works(command: list[str]) -> bool:
    """Whether the command can be run and succeeds."""
    with suppress(OSError):
        return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603 - our own
    return False


def run(command: list[str], variables: Mapping[str, str] | None = None) -> None:
    """Run a step; its own messages stand above ours."""
    done = subprocess.run(command, env=variables, cwd=ROOT, close_fds=False, check=False)  # noqa: S603 - our own
    if done.returncode:
        raise SetUpError(
            ".venv could not be set up, see above. CONTRIBUTING.md, Setting up, says what is followed: mirrors, "
            "proxies, certificates, wheels. Where a package has no wheel for this Python: make setup PYTHON=python3.13"
        )


def say(text: str) -> None:
    """A line for the user, at once."""
    print(text, flush=True)


if __name__ == "__main__":
    try:
        set_up(os.environ)
    except SetUpError as error:
        sys.exit(f"{error}")
    except KeyboardInterrupt:
        sys.exit(130)
