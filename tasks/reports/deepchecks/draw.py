"""Draw the deepchecks pages in a process of their own, which alone sees deepchecks and what is patched for it.

Importing deepchecks takes longer than a small run: the process can be started early, and is handed the content later.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import pickle
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import tasks
from tasks.reports.deepchecks.content import Content

log = logging.getLogger("loanwatch")

NAMES = ("data_quality", "data_drift", "model_drift")
PATIENCE_SECONDS = 900
NOT_INSTALLED = "deepchecks is not installed"
# deepchecks needs no database, no server and no secret, so the process is told of none.
_PASSED_ON = (
    "PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "HOME", "TMPDIR", "MPLCONFIGDIR", "LANG", "LC_ALL", "TZ",
)  # fmt: skip
_ROOT = Path(next(iter(tasks.__path__))).parent
_waiting: dict[Path, subprocess.Popen[bytes]] = {}  # the processes that were started early, by their folder


def is_installed() -> bool:
    """Whether deepchecks can be imported: it is optional."""
    return importlib.util.find_spec("deepchecks") is not None


def start_drawing(folder: Path) -> None:
    """Start the process that will draw into the folder, so that it imports deepchecks beside the run's work.

    It ends with this process, if nobody asks it for pages. Where it has been started, nothing happens.
    """
    if folder in _waiting:
        return
    for process in _waiting.values():  # of runs that failed before they came to their pages
        process.kill()
        process.communicate()
    _waiting.clear()
    if is_installed():
        with suppress(OSError):  # it is tried again when the pages are drawn, and then says why it cannot be
            _waiting[folder] = _start(folder)


def draw_pages(folder: Path, content: Content) -> tuple[dict[str, str], str]:
    """Draw the pages that there is content for into the folder.

    Returns the file names by the pages' names, and the reason why pages are missing (empty: none is). The pages are
    information: whatever happens here, the run goes on.
    """
    if not is_installed():
        return {}, NOT_INSTALLED
    reason = _run_child(folder, content)
    if reason:
        log.warning("The deepchecks pages are incomplete: %s. The run goes on without them.", reason)
    return {name: f"{name}.html" for name in NAMES if (folder / f"{name}.html").exists()}, reason


def _run_child(folder: Path, content: Content) -> str:
    """Wait for the process; returns why it failed, or nothing."""
    try:
        process = _waiting.pop(folder, None) or _start(folder)
    except OSError as error:
        return f"no process can be started for them ({error.strerror})"
    try:
        told = process.communicate(pickle.dumps(content), PATIENCE_SECONDS)[1]
    except subprocess.TimeoutExpired:
        return f"they took more than {PATIENCE_SECONDS} seconds"
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    if process.returncode == 0:
        return ""
    said = told.decode("utf-8", "replace").strip().splitlines()
    return said[-1][:300] if said else f"their process ended with exit code {process.returncode}"


def _start(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own arguments
        (sys.executable, "-m", __package__, str(folder.resolve())),
        cwd=_ROOT,
        # The pages are drawn by two processes: threads would only wait for each other.
        env={name: os.environ[name] for name in _PASSED_ON if name in os.environ} | {"OMP_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
