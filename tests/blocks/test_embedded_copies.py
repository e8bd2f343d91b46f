"""Embedded databases of root whose folder was moved, copied or deleted: not shared in silence, not lost by chance."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks.postgres import embedded_root
from blocks.postgres.embedded import _find_running, find_data, remove_embedded, start_embedded, stop_embedded
from blocks.postgres.embedded_root import list_orphans, remove_orphan
from blocks.postgres.errors import EmbeddedError
from flows import reset
from tests.blocks.test_embedded import end, read_place, run, use
from tests.support import ROOT

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root's databases lie outside their folder")
COUNT = "select count(*) from pg_class where relname = 'mine'"


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Path]:
    """A clone with a database in which somebody has made a table; nobody uses it now."""
    home = tmp_path / "clone" / ".loanwatch"
    run(start_embedded(home).query["host"], "create table mine ()")
    stop_embedded(home)
    yield home.parent
    for folder in tmp_path.iterdir():
        remove_embedded(folder / ".loanwatch")


def read(clone: Path, statement: str = COUNT) -> object:
    home = clone / ".loanwatch"
    try:
        return run(start_embedded(home).query["host"], statement)
    finally:
        stop_embedded(home)


def find_folder(clone: Path) -> Path:
    return Path((clone / ".loanwatch" / "where").read_text().strip())


def test_a_moved_clone_keeps_its_database(clone: Path) -> None:
    folder = find_folder(clone)
    moved = clone.rename(clone.with_name("moved ü"))
    assert read(moved) == 1
    assert find_folder(moved) == folder
    assert folder not in list_orphans()


def test_a_copied_clone_gets_a_database_of_its_own_and_says_so(clone: Path, caplog: pytest.LogCaptureFixture) -> None:
    copy = Path(shutil.copytree(clone, clone.with_name("copy")))
    assert read(copy) == 0
    assert f"{copy / '.loanwatch'} is a copy of {clone / '.loanwatch'}" in caplog.text
    assert find_folder(copy) != find_folder(clone)
    caplog.clear()
    assert (read(clone), read(copy), caplog.text) == (1, 0, "")


def test_removing_a_copy_that_was_never_started_leaves_the_original_alone(clone: Path) -> None:
    copy = Path(shutil.copytree(clone, clone.with_name("copy")))
    remove_embedded(copy / ".loanwatch")
    assert not (copy / ".loanwatch").exists()
    assert read(clone) == 1


def test_make_clean_in_a_copy_leaves_the_original_alone(clone: Path) -> None:
    copy = Path(shutil.copytree(clone, clone.with_name("copy")))
    for folder, is_there in ((copy, True), (clone, False)):
        data = find_folder(folder)
        subprocess.run(["make", "-f", str(ROOT / "Makefile"), "clean"], cwd=folder, check=True, capture_output=True)
        assert not (folder / ".loanwatch").exists()
        assert data.exists() is is_there


@pytest.mark.slow
def test_a_deleted_clones_database_is_named_and_removed_only_when_asked(clone: Path, tmp_path: Path) -> None:
    folder, other = find_folder(clone), tmp_path / "other"
    shutil.rmtree(clone)
    read(other, "select 1")
    assert folder.is_dir(), "the clone may have been moved"
    assert list_orphans()[folder] == clone / ".loanwatch"
    assert find_folder(other) not in list_orphans()
    remove_orphan(folder)
    assert not folder.exists()


def test_the_database_of_a_living_clone_is_no_orphan(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = find_folder(clone)
    with pytest.raises(EmbeddedError, match="left alone"):
        remove_orphan(folder)
    user = use(clone / ".loanwatch")
    read_place(user)
    monkeypatch.setattr(embedded_root, "list_orphans", lambda: {folder: clone})  # as if it were deleted meanwhile
    with pytest.raises(EmbeddedError, match="is running"):
        remove_orphan(folder)
    end(user)
    assert folder.is_dir()


@pytest.mark.slow
def test_reset_names_the_place_and_removes_the_database(
    clone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home, data = clone / ".loanwatch", find_folder(clone) / "postgres"
    monkeypatch.setenv("LOANWATCH_HOME", str(home))
    assert find_data(home) == data
    user = use(home)
    read_place(user)
    assert reset.command(yes=True, embedded=True) == 1
    assert "used by another process" in capsys.readouterr().err
    end(user)
    asked: list[str] = []
    monkeypatch.setattr(reset.Confirm, "ask", lambda what, **_: asked.append(what) or str(data) in what)
    assert reset.command(embedded=True) == 0
    assert str(data) in asked[0]
    assert not data.exists()
    assert not home.exists()
    assert reset.command(yes=True, embedded=True) == 0
    assert "has no embedded database" in capsys.readouterr().out


def test_data_copied_while_their_server_runs_do_not_lead_to_that_server(clone: Path, tmp_path: Path) -> None:
    user = use(clone / ".loanwatch")
    read_place(user)
    copy = Path(
        shutil.copytree(find_folder(clone) / "postgres", tmp_path / "copied", ignore=shutil.ignore_patterns(".s.*"))
    )
    with pytest.raises(EmbeddedError, match="copied from"):
        _find_running(copy)
    end(user)
