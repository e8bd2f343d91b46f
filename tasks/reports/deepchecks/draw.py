"""Draw the deepchecks pages in a process of their own, which alone sees deepchecks and what is patched for it."""

from __future__ import annotations

import importlib.util
import logging
import os
import pickle
import subprocess
import sys
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
    "OMP_NUM_THREADS",
)  # fmt: skip
_ROOT = Path(next(iter(tasks.__path__))).parent


def draw_pages(folder: Path, content: Content) -> tuple[dict[str, str], str]:
    """Draw the pages that there is content for into the folder.

    Returns the file names by the pages' names, and the reason why pages are missing (empty: none is). The pages are
    information: whatever happens here, the run goes on.
    """
    if importlib.util.find_spec("deepchecks") is None:
        return {}, NOT_INSTALLED
    reason = _run_child(folder, content)
    if reason:
        log.warning("The deepchecks pages are incomplete: %s. The run goes on without them.", reason)
    return {name: f"{name}.html" for name in NAMES if (folder / f"{name}.html").exists()}, reason


def _run_child(folder: Path, content: Content) -> str:
    """Wait for the process; returns why it failed, or nothing."""
    command = (sys.executable, "-m", __package__, str(folder.resolve()))
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    try:
        done = subprocess.run(  # noqa: S603 - our own arguments
            command,
            input=pickle.dumps(content),
            cwd=_ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"they took more than {PATIENCE_SECONDS} seconds"
    except OSError as error:
        return f"no process can be started for them ({error.strerror})"
    if done.returncode == 0:
        return ""
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return said[-1][:300] if said else f"their process ended with exit code {done.returncode}"
