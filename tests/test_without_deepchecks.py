"""An environment without deepchecks, which is optional: everything but its pages is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import ROOT

MONTH = ("--month", "2024-08")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a new environment with what the pipeline and the embedded database need, and no more."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    uv = (sys.executable, "-m", "uv")
    locks = [str(ROOT / "requirements" / f"{name}.lock") for name in ("base", "embedded")]
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, str(folder)], check=True)
    found = folder / "bin" / "python"
    sync = [*uv, "pip", "sync", "--quiet", "--require-hashes", "--python", str(found), *locks]
    subprocess.run(sync, check=True)
    return found


@pytest.mark.slow
def test_the_whole_flow_runs_and_says_which_pages_are_missing(python: Path, tmp_path: Path) -> None:
    places = ["--results", str(tmp_path / "results"), "--models", str(tmp_path / "models")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PREFECT_HOME": str(tmp_path / "prefect")}
    command = [str(python), "-m", "flows.monitor", *MONTH, *places]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip().endswith("outcome: kept")
    assert "deepchecks" not in done.stdout + done.stderr
    (folder,) = [path.parent for path in (tmp_path / "results").rglob("summary.json")]
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert summary["pages"] == {"report": "report.html"}
    assert summary["versions"]["deepchecks"] == "not installed"
    assert "deepchecks is not installed" in (folder / "report.html").read_text(encoding="utf-8")
