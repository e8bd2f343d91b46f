"""`make setup` inside a company: TLS is inspected, PyPI is mirrored, or there is no network at all.

The lock names packages that only the mirror has. Nothing but this machine is asked, except once by pip for uv itself.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest

from tests.support import ROOT
from tests.support.package_mirror import make_authority, make_store
from tests.support.small_project import download_real, make_index, make_project

TIMEOUT = 100
SERVE = (sys.executable, str(ROOT / "tests" / "support" / "package_mirror.py"))
# A network without a way out, and a view of the files in which the system trusts nobody but the bank's authority.
ALONE = ("unshare", "--map-root-user", "--mount", "--net", "sh", "-ec")
INSIDE = """ip link set lo up
for store in /etc/ssl/certs /etc/pki/tls/certs; do [ ! -d $store ] || mount --bind "$BANK/store" $store; done
[ ! -f /etc/pip.conf ] || mount --bind /dev/null /etc/pip.conf
"""
TRY = (*ALONE, "ip link set lo up; mount -t tmpfs none /mnt")
CAN_BE_ALONE = shutil.which("unshare") and not subprocess.run(TRY, capture_output=True, check=False).returncode
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the company's certificates"),
]


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    """The company: its authority, its store of certificates, its mirror's files, and ports that are free."""
    folder = tmp_path_factory.mktemp("bank")
    (folder / "wheels").mkdir()
    make_authority(folder)
    make_store(folder / "store")
    download_real(folder / "wheels")
    make_project(folder / "template", folder / "wheels")
    make_index(folder / "wheels", folder / "index")
    return folder


@pytest.fixture
def project(bank, tmp_path):
    return shutil.copytree(bank / "template", tmp_path / "project")


def find_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1]


@contextmanager
def serve(bank, log, ports):
    with log.open("w") as out:
        server = subprocess.Popen((*SERVE, str(bank / "index"), *map(str, ports)), stdout=out, stderr=out)
        try:
            while "serving" not in log.read_text():
                assert server.poll() is None, log.read_text()
            yield
        finally:
            server.kill()
            server.wait()


def make(project, *command, **variables):
    """The command, with nothing but these variables, and a home without settings or caches."""
    home = dict.fromkeys(("HOME", "XDG_CONFIG_DIRS"), str(project.parent))
    environment = {"PATH": f"{os.defpath}:/usr/sbin:/sbin", "PYTHON": sys.executable, **home}
    done = subprocess.run(
        command or ("make", "setup"),
        cwd=project,
        env=environment | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    locks = list(project.glob("requirements/*.lock"))
    assert len(list(project.glob(".venv/lib/python*/site-packages/needed_by_*.py"))) == len(locks)


def write_pip_conf(project, *lines):
    folder = project.parent / ".config" / "pip"
    folder.mkdir(parents=True)
    (folder / "pip.conf").write_text("\n".join(("[global]", *lines)) + "\n")


def test_a_mirror_and_its_certificate_in_pip_conf(bank, project, tmp_path):
    mirror, proxy = find_ports()
    write_pip_conf(project, f"index-url = https://localhost:{mirror}/simple/", f"cert = {bank}/ca.pem")
    with serve(bank, tmp_path / "log", (mirror, proxy)):
        make(project)
    assert all(name in (tmp_path / "log").read_text() for name in ("uv-", "needed_by_base", "needed_by_deepchecks"))


def test_a_proxy_and_a_mirror_that_only_the_proxy_knows(bank, project, tmp_path):
    mirror, proxy = find_ports()
    index = {"PIP_INDEX_URL": f"https://mirror.invalid:{mirror}/simple", "PIP_CERT": f"{bank}/ca.pem"}
    with serve(bank, tmp_path / "log", (mirror, proxy)):
        make(project, HTTPS_PROXY=f"http://127.0.0.1:{proxy}", **index)
    assert (tmp_path / "log").read_text().count("proxy mirror.invalid") >= 2  # pip, then uv


@pytest.mark.skipif(not CAN_BE_ALONE, reason="this machine gives no namespaces, so its own store would be used")
def test_a_certificate_that_is_only_in_the_systems_store(bank, project, tmp_path):
    mirror, proxy = find_ports()
    write_pip_conf(project, f"index-url = https://localhost:{mirror}/simple/")
    wait = 'while ! grep -q serving "$LOG"; do sleep 0.1; done'
    script = f'{INSIDE}"$@" >"$LOG" & trap "kill $!" EXIT; {wait}; make setup'
    serving = (*SERVE, str(bank / "index"), str(mirror), str(proxy))
    make(project, *ALONE, script, "sh", *serving, BANK=str(bank), LOG=str(tmp_path / "log"))
    assert all(name in (tmp_path / "log").read_text() for name in ("uv-", "needed_by_base", "needed_by_deepchecks"))


@pytest.mark.skipif(not CAN_BE_ALONE, reason="this machine gives no namespaces, so its network cannot be cut off")
def test_a_folder_of_wheels_needs_no_network(bank, project):
    shutil.copytree(bank / "wheels", project / "wheels")
    # pip.conf still names the mirror, which cannot be reached.
    write_pip_conf(project, "index-url = https://mirror.invalid/simple/", "find-links = https://mirror.invalid/more/")
    make(project, *ALONE, f"{INSIDE}make setup", BANK=str(bank))


def test_make_wheels_fills_the_folder(bank, project, tmp_path):
    mirror, proxy = find_ports()
    write_pip_conf(project, f"index-url = https://localhost:{mirror}/simple/", f"cert = {bank}/ca.pem")
    with serve(bank, tmp_path / "log", (mirror, proxy)):
        make(project, "make", "wheels")
    assert {file.name for file in (project / "wheels").iterdir()} == {
        file.name for file in (bank / "wheels").glob("*.whl")
    }
