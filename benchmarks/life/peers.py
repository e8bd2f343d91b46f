"""Peers: Evidently's preset and NannyML's univariate drift, with their defaults, in environments of their own.

NannyML sets its limits by the chunks of the reference: these are given as many rows as the window has, which is one
chunk. Asked as in `benchmarks/peer_environments.py`, in three chunks each, it alarms in every month.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.life.lives import Life
from benchmarks.life.refits import RefitAtAlarm
from benchmarks.life.workshop import Model
from benchmarks.peer_environments import start_peer, write_features
from tasks.core.windows import Window


class Evidently(RefitAtAlarm):
    """Alarms where any column drifts by the preset's test or distance."""

    name = "evidently"

    def ask(self, life: Life, model: Model, window: Window) -> tuple[str, ...]:
        """Both frames as they are."""
        return _ask(self.name, life, model, window)


class NannyML(RefitAtAlarm):
    """Alarms where any column of the window is beyond the limits of the reference's chunks."""

    name = "nannyml"

    def ask(self, life: Life, model: Model, window: Window) -> tuple[str, ...]:
        """The window as one chunk."""
        return _ask(self.name, life, model, window, str(len(life.rows(window).frame)))


def _ask(peer: str, life: Life, model: Model, window: Window, *more: str) -> tuple[str, ...]:
    contract = life.lender.contract
    with tempfile.TemporaryDirectory(prefix="loanwatch-life-") as folder:
        reference, current = Path(folder) / "reference.parquet", Path(folder) / "window.parquet"
        write_features(contract, model.rows.applications, reference)
        write_features(contract, life.rows(window).frame, current)
        return tuple(start_peer(peer).ask(reference, current, more)["alarms"])
