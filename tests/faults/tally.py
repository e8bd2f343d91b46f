"""A pytest plugin (`-p tests.faults.tally`): counts what was tried by its marker, and ends with one line.

A case is lost where its test failed; one that was skipped was not tried.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

NAMES = {"fault": "faults", "bad_input": "bad inputs", "attack": "attacks"}
LEAST = {"fault": 25, "bad_input": 60, "attack": 10}

_kinds: dict[str, str] = {}
_failed: set[str] = set()
_tried: Counter[str] = Counter()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        kind = next((name for name in NAMES if item.get_closest_marker(name)), None)
        if kind is not None:
            _kinds[item.nodeid] = kind


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.failed:
        _failed.add(report.nodeid)
    if report.nodeid in _kinds and (report.when == "call" or report.failed) and not report.skipped:
        _tried[_kinds[report.nodeid]] += report.when in {"call", "setup"}


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if exitstatus == 0 and any(_tried[kind] < least for kind, least in LEAST.items()):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure(config: Any) -> None:
    counted = ", ".join(f"{_tried[kind]} {name}" for kind, name in NAMES.items())
    print(f"{counted} tried; {len(_failed & _kinds.keys())} lost")
