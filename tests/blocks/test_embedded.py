"""The embedded PostgreSQL: shared by processes, found again after a crash, and gentle with folders."""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from blocks.postgres.embedded import POSTGRES, WHEEL, find_home, remove_embedded, start_embedded, stop_embedded
from blocks.postgres.embedded_root import find_programs
from blocks.postgres.errors import EmbeddedError
from tests.support import ROOT
from tests.support.wait import PATIENCE, wait_until

USE = """
import sys
from pathlib import Path
from blocks.postgres.embedded import start_embedded
print(start_embedded(Path(sys.argv[1])).query["host"], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / ".loanwatch"
    yield folder
    remove_embedded(folder)


def use(home: Path) -> subprocess.Popen[str]:
    """Another process that uses the server until it is told to end."""
    return subprocess.Popen(
        [sys.executable, "-c", USE, str(home)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def end(process: subprocess.Popen[str]) -> int:
    """Tell it to end; its exit code."""
    assert process.stdin is not None
    process.stdin.close()
    return process.wait(PATIENCE)


def read_place(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def run(socket: str, statement: str) -> object:
    connection = psycopg2.connect(host=socket, user="postgres", dbname="postgres")
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone()[0] if cursor.description else None
    finally:
        connection.close()


def read_pid(socket: str) -> int:
    return int((find_data(socket) / "postmaster.pid").read_text().split("\n")[0])


def find_data(socket: str) -> Path:
    return Path(str(run(socket, "show data_directory")))


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.slow
def test_no_mode_or_owner_of_a_folder_changes(tmp_path: Path) -> None:
    private = tmp_path / "home"
    private.mkdir(mode=0o700)
    folders = [private, *private.parents]
    before = [(folder.stat().st_mode, folder.stat().st_uid) for folder in folders]
    socket = str(start_embedded(private / ".loanwatch").query["host"])
    try:
        assert run(socket, "select 1") == 1
        assert [(folder.stat().st_mode, folder.stat().st_uid) for folder in folders] == before
        assert find_data(socket).stat().st_mode & 0o077 == 0
        if os.geteuid() == 0:
            where = Path((private / ".loanwatch" / "where").read_text().strip())
            assert (where.stat().st_uid, where.is_relative_to(private)) == (0, False)
    finally:
        remove_embedded(private / ".loanwatch")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another user")
def test_programs_in_a_private_folder_are_copied_with_their_libraries(tmp_path: Path) -> None:
    spec = importlib.util.find_spec(WHEEL)
    assert spec is not None
    assert spec.origin is not None
    package, private, base = Path(spec.origin).parent, tmp_path / "private", tmp_path / "base"
    private.mkdir(mode=0o700)
    base.mkdir(mode=0o711)
    for part in (f"{package.name}/{POSTGRES}", f"{package.name}.libs"):
        shutil.copytree(package.parent / part, private / part, symlinks=True)
    found = find_programs(private / package.name / POSTGRES / "bin", base)
    assert found.is_relative_to(base)
    shutil.rmtree(private)
    said = subprocess.run([found / "initdb", "--version"], check=True, capture_output=True, text=True).stdout
    assert "PostgreSQL" in said


@pytest.mark.slow
def test_processes_share_a_server_and_the_last_one_stops_it(home: Path) -> None:
    socket = str(start_embedded(home).query["host"])
    pid = read_pid(socket)
    other = use(home)
    assert read_place(other) == socket
    assert not stop_embedded(home)
    assert is_running(pid)
    assert end(other) == 0
    assert not is_running(pid)


@pytest.mark.slow
def test_two_first_starts_at_once_make_one_server(home: Path) -> None:
    both = [use(home), use(home)]
    assert len({read_place(process) for process in both}) == 1
    assert [end(process) for process in both] == [0, 0]


@pytest.mark.slow
def test_a_server_whose_user_was_killed_is_used_again(home: Path) -> None:
    user = use(home)
    socket = read_place(user)
    pid = read_pid(socket)
    user.kill()
    user.wait()
    assert is_running(pid)
    assert str(start_embedded(home).query["host"]) == socket
    assert read_pid(socket) == pid
    assert stop_embedded(home)
    assert not is_running(pid)


@pytest.mark.slow
def test_a_killed_server_starts_again_with_its_rows(home: Path) -> None:
    socket = str(start_embedded(home).query["host"])
    run(socket, "create table kept as select 42 as answer")
    pid = read_pid(socket)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_running(pid), PATIENCE, "the server's death", pause=0.05)
    again = str(start_embedded(home).query["host"])
    assert run(again, "select answer from kept") == 42


@pytest.mark.slow
def test_a_long_path(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 30) / ".loanwatch"
    socket = str(start_embedded(home).query["host"])
    try:
        assert run(socket, "select 1") == 1
    finally:
        remove_embedded(home)


@pytest.mark.slow
def test_a_removed_database_is_gone_with_its_server_and_may_be_made_anew(home: Path) -> None:
    socket = str(start_embedded(home).query["host"])
    run(socket, "create table kept as select 42 as answer")
    data, pid = find_data(socket), read_pid(socket)
    remove_embedded(home)
    assert not is_running(pid)
    assert not data.exists()
    assert not home.exists()
    again = str(start_embedded(home).query["host"])
    assert run(again, "select to_regclass('kept') is null")


@pytest.mark.slow
def test_a_half_made_database_is_made_anew(home: Path) -> None:
    first = str(start_embedded(home).query["host"])
    data = find_data(first)
    stop_embedded(home)
    data.rename(data.with_name("postgres.new"))  # as a start that was killed leaves it
    assert run(str(start_embedded(home).query["host"]), "select 1") == 1


def test_a_home_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbeddedError, match="LOANWATCH_HOME"):
        start_embedded(tmp_path / "file" / ".loanwatch")


def test_the_home_is_here_unless_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LOANWATCH_HOME", raising=False)
    assert find_home() == tmp_path / ".loanwatch"
    monkeypatch.setenv("LOANWATCH_HOME", "other")
    assert find_home() == tmp_path / "other"


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes a system user and folders outside its own")
def test_first_starts_of_root_at_once_make_one_user_and_one_folder(tmp_path: Path) -> None:
    """Without a lock one of them may own its data by a number that is nobody's any more."""
    user = f"lw{secrets.token_hex(3)}"
    script = (
        "import sys; from pathlib import Path; from blocks.postgres import embedded, embedded_root as root\n"
        f"root.SYSTEM_USER = {user!r}; root.ROOT_FOLDERS = (Path('/var/lib/{user}'), Path('/var/tmp/{user}'))\n"
        "home = Path(sys.argv[1]); home.mkdir(); server = embedded.find_server(home)\n"
        "embedded._create(server); print(server.data.parent.parent)\n"
    )
    command = [sys.executable, "-c", script]
    try:
        starts = [
            subprocess.Popen([*command, str(tmp_path / str(number))], stdout=subprocess.PIPE, text=True, cwd=ROOT)
            for number in range(4)
        ]
        assert [start.communicate()[0].strip() for start in starts] == [f"/var/lib/{user}"] * 4
    finally:
        subprocess.run(["userdel", user], check=False, capture_output=True)
        for folder in (f"/var/lib/{user}", f"/var/tmp/{user}"):
            shutil.rmtree(folder, ignore_errors=True)
