"""The tests' files in memory, where the machine has room for them.

A run of the tests leaves some ten thousand files, most of them of PostgreSQL, and there are file systems that take
milliseconds to delete one: ext4 with `discard` spent a third of `make test` on that.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import psutil

MEMORY = Path("/dev/shm")
ENOUGH = 6 * 2**30  # bytes; three processes of tests and their servers need about 3 GB


def keep_files_in_memory() -> None:
    """Make it the folder for temporary files of this process and its children; one that TMPDIR names is kept."""
    if "TMPDIR" not in os.environ and _is_roomy():
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


def _is_roomy() -> bool:
    """Whether the folder lies in memory with enough room, and lets its programs run."""
    try:
        facts = os.statvfs(MEMORY)
    except OSError:
        return False
    free = min(facts.f_bavail * facts.f_frsize, psutil.virtual_memory().available)
    return free >= ENOUGH and not facts.f_flag & os.ST_NOEXEC and os.access(MEMORY, os.W_OK)


def place_data(home: Path) -> Path:
    """Have the embedded server of `home` keep its data among the temporary files, also where root runs it.

    Returns the folder to remove at the end.
    """
    folder = Path(tempfile.mkdtemp(prefix="loanwatch-test-"))
    if os.geteuid() == 0:
        data = folder / "data"
        for made in (folder, data):
            made.mkdir(exist_ok=True)
            made.chmod(0o711)
        home.mkdir(mode=0o700, parents=True)
        (home / "where").write_text(f"{data}\n", encoding="utf-8")
    return folder
