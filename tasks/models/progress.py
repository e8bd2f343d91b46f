"""Progress: how far a training has come, on the screen, where it takes long enough for somebody to wonder."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from threading import Lock

from tasks.core.policy import Kind
from tasks.job.journal import log

# A short training says nothing, and a long one no more often than this.
SECONDS_BETWEEN = 10.0


@dataclass(eq=False)
class Progress:
    """Counts the folds of each kind that are fitted; threads may share it. It only tells, and decides nothing."""

    folds: int
    _began: float = field(default_factory=time.monotonic)
    _told: float = field(default_factory=time.monotonic)
    _done: Counter[Kind] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    def count(self, kind: Kind) -> None:
        """One more fold of this kind is fitted."""
        with self._lock:
            self._done[kind] += 1
            now = time.monotonic()
            if now - self._told < SECONDS_BETWEEN:
                return
            self._told = now
            log.info(
                "%s: %d of %d folds after %.0f s",
                kind.replace("_", " ").capitalize(),
                self._done[kind],
                self.folds,
                now - self._began,
            )
