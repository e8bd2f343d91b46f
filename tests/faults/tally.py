"""A pytest plugin (`-p tests.faults.tally`): counts what was tried by its marker, and ends with one line.

A case is lost where its test failed; one that was skipped was not tried. With too few cases the session fails.
"""

from __future__ import annotations

from collections import Counter

import pytest

NAMES = {"fault": "faults", "bad_input": "bad inputs", "attack": "attacks"}
LEAST = {"fault": 25, "bad_input": 60, "attack": 10}

_tried: Counter[str] = Counter()
_lost: set[str] = set()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    kind = next((name for name in NAMES if name in report.keywords), None)
    if kind is None or report.skipped:
        return
    _tried[kind] += report.when == "call"
    if report.failed:
        _lost.add(report.nodeid)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    is_whole_table = not hasattr(session.config, "workerinput") and session.config.args_source.name != "ARGS"
    if is_whole_table and exitstatus == 0 and any(_tried[kind] < least for kind, least in LEAST.items()):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        counted = ", ".join(f"{_tried[kind]} {name}" for kind, name in NAMES.items())
        print(f"{counted} tried; {len(_lost)} lost")
