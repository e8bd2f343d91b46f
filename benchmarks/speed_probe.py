"""Speed, one measurement in a process of its own: `python -m benchmarks.speed_probe WORK VARIANT FOLDER`.

Prints wall and CPU seconds and the peak of resident memory as JSON. The peak is that of this process while the piece
runs, its inputs and imports among it; for a piece that starts another process, that one's.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import scipy.stats  # noqa: F401 - the pipeline imports both when it needs them; what is measured is the work

import tasks.models.estimators  # noqa: F401
from benchmarks.speed_pieces import PIECES


def measure(work: str, variant: str, folder: Path) -> dict[str, Any]:
    """Seconds, cpu_seconds and peak_mb of one piece; of a command, the seconds of its stages where it tells them."""
    run = PIECES[work][0](folder, variant)
    _forget_peak()
    wall, cpu = time.perf_counter(), _read_cpu()
    answer = run()
    seconds, cpu_seconds = time.perf_counter() - wall, _read_cpu() - cpu
    # A peer says its own seconds, without its imports.
    return {
        "seconds": answer if isinstance(answer, float) else seconds,
        "cpu_seconds": cpu_seconds,
        "peak_mb": _read_peak(work in ("flow", "wide") or isinstance(answer, float)),
        **({"stages": answer} if isinstance(answer, dict) else {}),
    }


def _read_cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def _forget_peak() -> None:
    """Start the kernel's record of the peak anew, where it can be."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _read_peak(of_children: bool) -> float:
    if of_children:
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], sys.argv[2], Path(sys.argv[3]))))
