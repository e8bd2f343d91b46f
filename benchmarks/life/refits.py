"""Refits: a policy that refits on the last six months at every alarm, without a contest.

That is what a team does who watches a model with a tool that says nothing about what to do.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import pandas as pd

from benchmarks.life.calendar import ONE_DAY, TRAINING, Visit
from benchmarks.life.lives import Life
from benchmarks.life.policies import Look
from benchmarks.life.workshop import Model, Workshop
from tasks.core.arrays import Floats
from tasks.core.windows import Window


class RefitAtAlarm(ABC):
    """Refits on the latest days, as many as the first training had; these are then the reference."""

    name: str

    def begin(self, life: Life, training: Window, workshop: Workshop) -> None:
        """The first model, of all training days."""
        self.life, self.workshop = life, workshop
        self.model = workshop.fit(life, [training])

    def look(self, visit: Visit) -> Look:
        """Ask about the window, and refit at an alarm."""
        if not visit.is_whole:
            return Look()
        columns = self.workshop.recall(self.name, self.life, self.model, visit.window, self.ask)
        if not columns:
            return Look()
        latest = Window(visit.window.end - ONE_DAY * (TRAINING.days - 1), visit.window.end)
        self.model = self.workshop.fit(self.life, [latest])
        return Look(True, True, f"data ({', '.join(columns)})")

    def score(self, applications: pd.DataFrame) -> Floats:
        """By the latest model."""
        return self.model.score(applications)

    @abstractmethod
    def ask(self, life: Life, model: Model, window: Window) -> tuple[str, ...]:
        """The columns that alarm, where the window is held against the model's days."""
