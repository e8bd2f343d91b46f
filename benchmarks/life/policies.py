"""Policies: who looks at a life, says what it saw, and puts models into production."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from benchmarks.life.calendar import Visit
from benchmarks.life.lives import Life
from benchmarks.life.workshop import Workshop
from tasks.core.arrays import Floats
from tasks.core.windows import Window


@dataclass(frozen=True)
class Look:
    """What a look ended with: an alarm, a new model in production; and a note for people who read the record.

    `warned`: it said something that is no alarm, such as that fewer applications came.
    """

    alarmed: bool = False
    promoted: bool = False
    note: str = ""
    warned: bool = False


class Policy(Protocol):
    """A policy in one life. The life is given whole; a policy reads no day that is not over.

    `workshop` makes models and judgements, and shares them with whoever asks for the same.
    """

    name: str

    def begin(self, life: Life, training: Window, workshop: Workshop) -> None:
        """Put a first model into production: nothing has been looked at."""

    def look(self, visit: Visit) -> Look:
        """Look at the visit's window on its day: days before `visit.today` are over, and all decided."""

    def score(self, applications: pd.DataFrame) -> Floats:
        """The probability of approval by the model that is in production now."""
