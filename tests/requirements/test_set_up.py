"""`make setup` with a small lock: what is installed, when it is done anew, and two at once."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.small_project import download_real, make_project

pytestmark = pytest.mark.slow
TIMEOUT = 100


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheels")
    download_real(folder)
    return folder


@pytest.fixture
def project(tmp_path, wheels):
    return make_project(tmp_path / "a project", wheels)


def start(project: Path, *words: str, **variables: str) -> subprocess.Popen[str]:
    """`make` with nothing in its environment, and no network but a closed door."""
    nowhere = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY"), "http://127.0.0.1:9")
    environment = {"PATH": os.defpath, "HOME": str(project.parent), "PYTHON": sys.executable, **nowhere, **variables}
    return subprocess.Popen(
        ("make", *words),
        cwd=project,
        env={name: value for name, value in environment.items() if value != "unset"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def make(project: Path, *words: str, **variables: str) -> str:
    running = start(project, *words, **variables)
    said = running.communicate(timeout=TIMEOUT)[0]
    assert running.returncode == 0, said
    return said


def list_installed(project: Path) -> set[str]:
    modules = project.glob(".venv/lib/python*/site-packages/needed_by_*.py")
    return {file.stem.removeprefix("needed_by_") for file in modules}


def test_extras_are_chosen_and_remembered(project, wheels):
    everything = {"base", "embedded", "dev", "deepchecks", "docker", "s3", "onnx", "skops", "dask"}
    make(project, "setup", WHEELS=str(wheels))
    assert list_installed(project) == everything
    assert make(project, "setup") == ""
    make(project, "setup", "EXTRAS=s3", f"WHEELS={wheels}")
    assert list_installed(project) == {"base", "embedded", "dev", "s3"}
    make(project, "setup", "EXTRAS=", f"WHEELS={wheels}")
    assert list_installed(project) == {"base", "embedded", "dev"}
    assert make(project, "setup") == ""
    # The lock changes, and the next target of any kind installs it; deepchecks stays out.
    (project / "requirements" / "base.lock").open("a").write("# changed\n")
    shutil.copytree(wheels, project / "wheels")
    assert "bringing .venv up to date" in make(project, "setup")
    assert list_installed(project) == {"base", "embedded", "dev"}
    make(project, "setup", "EXTRAS=deepchecks docker s3 onnx skops dask")
    assert list_installed(project) == everything


def test_an_unknown_extra_is_named(project):
    running = start(project, "setup", "EXTRAS=deepcheck s3")
    said = running.communicate(timeout=TIMEOUT)[0]
    assert "EXTRAS names deepcheck; there are: deepchecks docker s3 onnx skops dask" in said
    assert running.returncode != 0


def test_an_environment_that_broke_is_made_anew(project, wheels):
    make(project, "setup", "EXTRAS=", WHEELS=str(wheels))
    python = project / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/usr/bin/python-that-was-removed")
    assert "gone; making anew .venv" in make(project, "setup", WHEELS=str(wheels))
    record = project / ".venv" / ".ready"
    record.write_text(record.read_text().replace('"python": "', '"python": "3.10, once '))
    assert "one of Python 3.10, once" in make(project, "setup", WHEELS=str(wheels))
    moved = project.rename(project.parent / "moved")
    assert "the folder has moved" in make(moved, "setup", WHEELS=str(wheels), PYTHON="unset")
    assert list_installed(moved) == {"base", "embedded", "dev"}
    assert str(moved) in (moved / ".venv" / "bin" / "pip").read_text()


def test_the_second_waits_for_the_first(project, wheels):
    both = [start(project, "setup", WHEELS=str(wheels)) for _ in range(2)]
    said = sorted(running.communicate(timeout=TIMEOUT)[0] for running in both)
    assert [running.returncode for running in both] == [0, 0]
    assert said[0] == "another make is setting up .venv; waiting for it …\n"
    assert said[1].startswith("setting up .venv with Python 3.")


def test_a_killed_one_leaves_no_lock(project, wheels):
    first = start(project, "setup", WHEELS=str(wheels))
    assert "setting up" in first.stdout.readline()
    time.sleep(2)  # somewhere between making the environment and installing
    os.killpg(first.pid, signal.SIGKILL)
    make(project, "setup", WHEELS=str(wheels))
    assert len(list_installed(project)) == len(list(project.glob("requirements/*.lock")))


def test_a_missing_folder_of_wheels_is_named(project):
    running = start(project, "setup", "WHEELS=elsewhere")
    assert "there is no folder WHEELS=" in running.communicate(timeout=TIMEOUT)[0]
    assert running.returncode != 0
