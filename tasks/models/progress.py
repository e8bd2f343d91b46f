"""Progress: how far a training has come, on the screen, where it takes long enough for somebody to wonder."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field

from tasks.core.policy import Kind
from tasks.job.journal import log

# A short training says nothing, and a long one no more often than this.
SECONDS_BETWEEN = 10.0


@dataclass(eq=False)
class Progress:
    """Counts the folds of each kind that are fitted. It only tells, and decides nothing.

    To be called by the thread of the run: Prefect's log knows no other.
    """

    folds: int
    _began: float = field(default_factory=time.monotonic)
    _told: float = field(default_factory=time.monotonic)
    _done: Counter[Kind] = field(default_factory=Counter)

    def count(self, kind: Kind) -> None:
        """One more fold of this kind is fitted."""
        self._done[kind] += 1
        now = time.monotonic()
        if now - self._told >= SECONDS_BETWEEN:
            self._told = now
            name, seconds = kind.replace("_", " ").capitalize(), now - self._began
            log.info("%s: %d of %d folds after %.0f s", name, self._done[kind], self.folds, seconds)
