"""Waiting for a condition, in place of a time that is long enough on a quiet machine only."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

PATIENCE = 400.0  # seconds after which something does not come any more, on however busy a machine


def wait_until(is_so: Callable[[], Any], timeout: float, what: str, *, pause: float = 0.5) -> Any:
    """Wait for something, and return what was answered; AssertionError says what did not come."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if answer := is_so():
            return answer
        time.sleep(pause)
    raise AssertionError(f"waited {timeout:.0f} s in vain for {what}")
