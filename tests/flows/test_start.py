"""What a command imports before it does anything: people wait for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

LARGE = ("deepchecks", "distributed", "sklearn", "scipy.stats", "statsmodels")


@pytest.mark.parametrize(
    ("command", "others"),
    [
        ("flows.monitor", LARGE),  # scikit-learn comes with the model, while the database answers
        ("flows.history", (*LARGE, "pandas", "prefect", "pyarrow")),
    ],
)
def test_a_command_imports_what_it_needs_first(command, others):
    code = f"import sys, {command}; print([name for name in {others!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
