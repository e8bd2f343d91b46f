"""A window in one part, in seven, in thirty and in pieces of days: a run says the same, of all values and of few."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from functools import partial
from typing import Any

import pytest

from blocks.environment import read_environment
from tasks.core import spill
from tasks.core.policy import MonitorPolicy, SelfCheckPolicy, TrainPolicy
from tests.support.flow import month, run_monitor

OF_A_RUN = ("job_id", "stages", "start_up_seconds", "seconds", "started_at", "finished_at", "results", "command")


def make_policy(most_rows: int) -> MonitorPolicy:
    train = TrainPolicy(forest_trees=20, boosting_rounds=40, folds=2, most_rows=most_rows)
    return MonitorPolicy(train=train, self_check=SelfCheckPolicy(splits=0))


def say(summary: dict[str, Any]) -> dict[str, Any]:
    """What a run says, without its names and times."""
    return {name: value for name, value in summary.items() if name not in OF_A_RUN}


def count_parts(summary: dict[str, Any]) -> int:
    message = next(stage["message"] for stage in summary["stages"] if stage["stage"] == "extract")
    found = re.search(r" in (\d+) parts", message)
    return int(found[1]) if found else 1


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server", "demo")
@pytest.mark.parametrize("most_rows", [300_000, 1_000])
def test_the_same_verdict_in_any_number_of_parts(tmp_path, monkeypatch, most_rows):
    policy = make_policy(most_rows)
    run_monitor(tmp_path, **month(2024, 8), policy=policy)
    window, said, parts = month(2024, 9), [], []
    for megabytes in (None, 0.7, 0.2, 0.04):
        if megabytes is not None:
            monkeypatch.setenv("LOANWATCH_PART_MB", str(megabytes))
            assert read_environment().part_mb == megabytes
        _, summary = run_monitor(tmp_path, **window, policy=policy)
        said.append(say(summary))
        parts.append(count_parts(summary))
    assert parts[0] == 1
    assert 5 <= parts[1] <= 10
    assert 20 <= parts[2] <= 31
    assert parts[3] > 62  # each day in several pieces
    assert said[1:] == [said[0]] * 3
    kept = [finding for finding in said[0]["findings"] if finding["check"] == "kept_rows"]
    assert bool(kept) == (most_rows < 2_000)
    assert said[0]["window"]["applications"] == 2_000


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server", "demo")
@pytest.mark.skipif(os.geteuid() != 0, reason="a small file system can be mounted by root only")
def test_a_full_folder_of_temporary_files_is_told_and_harms_nothing(tmp_path, monkeypatch):
    policy = make_policy(300_000)
    _, before = run_monitor(tmp_path, **month(2024, 8), policy=policy)
    monkeypatch.setenv("LOANWATCH_PART_MB", "0.35")
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(small)], check=True)
    try:
        # Only the window's file lies there: the model's bundle is unpacked among the temporary files, too.
        monkeypatch.setattr(spill, "TemporaryFile", partial(tempfile.TemporaryFile, dir=small))
        with pytest.raises(spill.SpillError, match=r"cannot hold it .*TMPDIR"):
            run_monitor(tmp_path, **month(2024, 9), policy=policy)
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", str(small)], check=True)
    _, after = run_monitor(tmp_path, **month(2024, 9), policy=policy)
    assert after["champion"]["version"] == before["champion"]["version"]
