"""Results and models are their owner's alone, unless a person has decided otherwise."""

from __future__ import annotations

import os
import stat

import pytest

from tasks.core.files import make_private_folder
from tasks.job.job import make_results_folder
from tasks.registry.bundle import save_bundle
from tests.support.small_model import find_bundle

JOB = "20240901T060000-abcdef"


def find_mode(folder) -> int:
    return stat.S_IMODE(folder.stat().st_mode)


@pytest.fixture(autouse=True)
def _usual_umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.parametrize(("may_read", "mode"), [("", 0o700), ("true", 0o750)])
def test_new_folders_are_private_or_their_groups(tmp_path, monkeypatch, may_read, mode):
    monkeypatch.setenv("LOANWATCH_GROUP_MAY_READ", may_read)
    tmp_path.chmod(0o755)
    folder = make_results_folder(str(tmp_path / "new" / "results"), JOB)
    save_bundle(find_bundle(), str(tmp_path / "models"), "model")
    for made in (tmp_path / "new", folder.parent, tmp_path / "models"):
        assert find_mode(made) == mode
    assert find_mode(tmp_path) == 0o755


@pytest.mark.parametrize("mode", [0o755, 0o775, 0o2770, 0o700])
def test_a_mode_that_a_person_has_set_stays_and_holds_for_what_is_inside(tmp_path, mode):
    for name in ("results", "models"):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(mode)
    folder = make_results_folder(str(tmp_path / "results"), JOB)
    save_bundle(find_bundle(), str(tmp_path / "models"), "model")
    make_private_folder(tmp_path / "results")
    assert find_mode(tmp_path / "results") == find_mode(tmp_path / "models") == mode
    # Whoever may enter the folder may read what is in it.
    assert find_mode(folder) & 0o755 == find_mode(tmp_path / "models" / "model") & 0o755 == 0o755


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_of_the_machine_cannot_read_a_page(tmp_path):
    for folder in (tmp_path, *list(tmp_path.parents)[:-1]):
        if folder.stat().st_uid == os.geteuid() and folder.name.startswith(("pytest", "test", "loanwatch-test")):
            folder.chmod(0o755)
    page = make_results_folder(str(tmp_path / "results"), JOB) / "report.html"
    page.write_text("L-1")
    child = os.fork()
    if not child:
        os.setresuid(65534, 65534, 65534)
        try:
            page.read_text()
        except PermissionError:
            os._exit(0)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
