"""No calls home: a whole run in a network that has only a loopback, with every attempt to connect recorded."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.fault]

ADDRESS = re.compile(r"sin6?_port=htons\((\d+)\).*?(?:inet_addr\(\"|inet_pton\(AF_INET6, \")([^\"]+)\"")
CALLS = ("connect", "sendto", "sendmsg", "sendmmsg")


def record_run(lender, record: Path, program: tuple[str, ...] = ()) -> tuple[int, str]:
    """`python -m flows.monitor` as a user has it, with a temporary Prefect server, in a network namespace."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("strace", "unshare", "ip"))):
        pytest.skip("needs root, strace, unshare and ip")
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PREFECT_") and name not in ("DO_NOT_TRACK", "CI", "PYTEST_CURRENT_TEST")
    }
    environment |= lender.environment | {"PREFECT_HOME": str(lender.folder / "prefect")}
    command = program or (sys.executable, "-m", "flows.monitor", *lender.arguments)
    traced = ("strace", "-f", "-qq", "--seccomp-bpf", "-s", "0", "-e", f"trace={','.join(CALLS)}", "-o", str(record))
    done = subprocess.run(
        ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *traced, *command],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def list_outside(record: Path) -> list[str]:
    """The calls that name an address outside of this machine, or a name server."""
    found = []
    for line in record.read_text(encoding="utf-8", errors="replace").splitlines():
        for port, address in ADDRESS.findall(line):
            is_loopback = address.startswith("127.") or address in ("::1", "::ffff:127.0.0.1")
            if not is_loopback or port == "53":
                found.append(line)
    return found


def test_a_run_calls_nobody(young, tmp_path):
    record = tmp_path / "calls.txt"
    code, said = record_run(young, record)
    assert code == 0, said
    assert "outcome: " in said
    assert ADDRESS.search(record.read_text(encoding="utf-8", errors="replace")), "nothing at all was recorded"
    assert list_outside(record) == []


def test_7_a_call_would_be_seen(young, tmp_path):
    """The check above fails for a program that does what telemetry does."""
    record = tmp_path / "calls.txt"
    call = "import socket; s = socket.socket(); s.settimeout(1); s.connect_ex(('203.0.113.7', 443))"
    record_run(young, record, (sys.executable, "-c", call))
    assert len(list_outside(record)) == 1
