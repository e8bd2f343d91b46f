"""Which Python `make` takes, and what it says where it cannot take any: with pretended Pythons on the PATH."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support import ROOT

WORKS, OLD, NO_VENV, NOT_ACTIVE = 0, 3, 4, 127
NONE = "loanwatch needs Python 3.11 or newer, and none is on the PATH. "


@pytest.fixture
def choose(tmp_path):
    """Runs the script where only the given commands exist, and returns its exit code and what it printed."""
    project, tools = tmp_path / "a project", tmp_path / "bin"
    (project / "requirements").mkdir(parents=True)
    tools.mkdir()
    shutil.copy(ROOT / "requirements" / "set_up.sh", project / "requirements")
    for tool in ("sh", "dirname", "basename"):
        (tools / tool).symlink_to(shutil.which(tool))

    def run(commands: dict[str, int], in_place: int | None = None, uv: str = "", **variables: str) -> tuple[int, str]:
        for name, result in commands.items():
            write_command(tools / name, f'[ "$1" != -c ] || exit {result}; echo "{name}"')
        if in_place is not None:
            (project / ".venv" / "bin").mkdir(parents=True)
            write_command(project / ".venv" / "bin" / "python", f'[ "$1" != -c ] || exit {in_place}; echo .venv')
        if uv:
            write_command(tools / "uv", uv)
        command = (str(tools / "sh"), "requirements/set_up.sh")
        done = subprocess.run(
            command, cwd=project, env={"PATH": str(tools), **variables}, capture_output=True, text=True, check=False
        )
        return done.returncode, (done.stdout + done.stderr).strip()

    return run


def write_command(file: Path, body: str) -> None:
    file.write_text(f"#!/bin/sh\n{body}\n")
    os.chmod(file, 0o755)


@pytest.mark.parametrize(
    ("commands", "chosen"),
    [
        ({"python3.11": WORKS, "python3.13": WORKS, "python3": WORKS}, "python3.13"),
        ({"python3.11": WORKS, "python3.13": NOT_ACTIVE, "python3": WORKS}, "python3.11"),  # a pyenv shim
        ({"python3.12": WORKS, "python3.13": NO_VENV}, "python3.12"),  # Debian's python3 without python3-venv
        ({"python3.12": WORKS, "python3.15": WORKS, "python3": WORKS}, "python3.12"),  # wheels come later than Pythons
        ({"python3.15": WORKS, "python3": WORKS}, "python3"),
    ],
)
def test_the_newest_that_can_be_used_is_taken(choose, commands, chosen):
    assert choose(commands) == (0, chosen)


@pytest.mark.parametrize(
    ("commands", "said"),
    [
        ({}, f"{NONE}Debian, Ubuntu: apt install"),
        ({"python3": OLD}, f"{NONE}Debian, Ubuntu: apt install"),
        ({"python3.13": NOT_ACTIVE, "python3": OLD}, f"{NONE}Debian, Ubuntu: apt install"),
        ({"python3": NO_VENV}, "python3 has no venv. On Debian and Ubuntu: apt install python3-venv"),
    ],
)
def test_without_one_a_line_says_what_to_install(choose, commands, said):
    code, printed = choose(commands)
    assert (code, printed.count("\n")) == (2, 0)
    assert printed.startswith(said)


@pytest.mark.parametrize(
    ("result", "said"),
    [(OLD, "PYTHON=mine is older"), (NO_VENV, "apt install mine-venv"), (NOT_ACTIVE, "PYTHON=mine does not run")],
)
def test_a_named_one_that_cannot_be_used_is_not_replaced_by_another(choose, result, said):
    code, printed = choose({"python3.13": WORKS, "mine": result}, PYTHON="mine")
    assert code == 2
    assert said.split("=")[-1] in printed


def test_a_named_one_is_taken(choose):
    assert choose({"python3.13": WORKS, "mine": WORKS}, in_place=WORKS, PYTHON="mine") == (0, "mine")


def test_the_environments_own_is_kept(choose):
    assert choose({"python3.13": WORKS}, in_place=WORKS) == (0, ".venv")


def test_an_environment_whose_python_is_gone_is_made_by_another(choose):
    assert choose({"python3.13": WORKS}, in_place=NOT_ACTIVE) == (0, "python3.13")


def test_uvs_own_python_is_found_off_the_path(choose, tmp_path):
    write_command(tmp_path / "managed", '[ "$1" = -c ] || echo managed')
    uv = f'[ "$*" = "python find --system 3.12" ] && echo "{tmp_path}/managed"'
    assert choose({"python3": OLD}, uv=uv) == (0, "managed")


def test_uv_is_offered_where_it_has_none(choose):
    code, printed = choose({"python3": OLD}, uv="exit 2")
    assert (code, printed) == (2, f"{NONE}uv brings one: uv python install 3.13; then make again.")
