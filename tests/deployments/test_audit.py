"""`make audit`: every file of the lock is asked about."""

from __future__ import annotations

import json
import subprocess

import pytest

from deployments.audit import audit
from tests.support import ROOT

FLAW = {"id": "PYSEC-1", "fix_versions": ["2.0", "2.1"]}


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        ({"dependencies": [{"name": "a", "version": "1", "vulns": [FLAW]}]}, 1, "a 1: PYSEC-1, corrected in 2.0, 2.1"),
        ({"dependencies": [{"name": "a", "version": "1", "vulns": []}]}, 0, "no flaw is known in what the lock names"),
        ({}, 0, "not checked"),
    ],
)
def test_the_answer_about_every_file_of_the_lock_is_told(monkeypatch, capsys, answer, code, said):
    asked = []

    def run(command, **_):
        asked.extend(command)
        return subprocess.CompletedProcess(command, 0, json.dumps(answer))

    monkeypatch.setattr(subprocess, "run", run)
    assert audit() == code
    assert capsys.readouterr().out.startswith(said)
    assert {word for word in asked if word.endswith(".lock")} == {str(f) for f in ROOT.glob("requirements/*.lock")}
