"""Supply: whose software loanwatch stands on, under which licences, and whether flaws are known in it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import Distribution, PackageMetadata, distributions
from pathlib import Path
from typing import Any

from cyclopts import App

LOCK = Path(__file__).parents[1] / "requirements.lock"
PATIENCE_SECONDS = 300

app = App(name="deployments.supply", help="The licences of what is installed, and the flaws known in what is locked.")


@app.command
def licences() -> int:
    """List every installed package with its version and licence."""
    for name, version, licence in sorted(map(_describe, distributions()), key=lambda row: row[0].lower()):
        print(f"{name}\t{version}\t{licence}")
    return 0


@app.command
def audit() -> int:
    """Ask the advisory service about every package of the lock. 0: none has a known flaw, or not checked; 1: some."""
    # pip-audit is no dependency: it is fetched when it is asked for, by the ordinary client.
    command = (sys.executable, "-m", "uv", "tool", "run", "--quiet", "pip-audit", "--disable-pip", "--require-hashes")
    options = ("--format", "json", "--progress-spinner", "off", "--requirement", str(LOCK))
    try:
        done = subprocess.run(  # noqa: S603 - our own arguments
            [*command, *options], capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS
        )
        found = list_flaws(json.loads(done.stdout)["dependencies"])
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError, TypeError):
        print("not checked: the advisory service does not answer, or pip-audit cannot be had")
        return 0
    print("\n".join(found) or "no flaw is known in what the lock names")
    return 1 if found else 0


def list_flaws(dependencies: Iterable[dict[str, Any]]) -> list[str]:
    """One line for each known flaw: package, version, its name, and the versions that mend it."""
    return [
        f"{dependency['name']} {dependency['version']}: {flaw['id']}, mended in {', '.join(flaw['fix_versions'])}"
        for dependency in dependencies
        for flaw in dependency.get("vulns", ())
    ]


def _describe(distribution: Distribution) -> tuple[str, str, str]:
    metadata = distribution.metadata
    return metadata["Name"], distribution.version, find_licence(metadata)


def find_licence(metadata: PackageMetadata) -> str:
    """What the package says of its licence: the expression, else the classifiers, else the first line of the text."""
    classified = [line.rsplit(" :: ", 1)[-1] for line in metadata.get_all("Classifier") or () if "License ::" in line]
    expression, *_ = metadata.get_all("License-Expression") or [""]
    text, *_ = metadata.get_all("License") or [""]
    return expression or ", ".join(classified) or text.strip().partition("\n")[0] or "not stated"


if __name__ == "__main__":
    sys.exit(app())
