"""Audit: ask the advisory service whether flaws are known in what the lock names."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

LOCK = Path(__file__).parents[1] / "requirements"
PATIENCE_SECONDS = 300


def audit() -> int:
    """Ask the advisory service about every package of the lock. 0: none has a known flaw, or not checked; 1: some."""
    # pip-audit is no dependency: it is fetched when it is asked for, by the ordinary client.
    command = (sys.executable, "-m", "uv", "tool", "run", "--quiet", "pip-audit", "--disable-pip", "--require-hashes")
    options = ("--format", "json", "--progress-spinner", "off")
    files = [word for file in sorted(LOCK.glob("*.lock")) for word in ("--requirement", str(file))]
    try:
        done = subprocess.run(  # noqa: S603 - our own arguments
            [*command, *options, *files], capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS
        )
        found = list_flaws(json.loads(done.stdout)["dependencies"])
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError, TypeError):
        print("not checked: the advisory service does not answer, or pip-audit cannot be had")
        return 0
    print("\n".join(found) or "no flaw is known in what the lock names")
    return 1 if found else 0


def list_flaws(dependencies: Iterable[dict[str, Any]]) -> list[str]:
    """One line for each known flaw: package, version, its name, and the versions that correct it."""
    return [
        f"{dependency['name']} {dependency['version']}: {flaw['id']}, corrected in {', '.join(flaw['fix_versions'])}"
        for dependency in dependencies
        for flaw in dependency.get("vulns", ())
    ]


if __name__ == "__main__":
    sys.exit(audit())
