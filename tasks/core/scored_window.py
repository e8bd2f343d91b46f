"""A window with its labels and scores, as the drift questions need it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from tasks.core.arrays import Days, Floats, Keys


@dataclass(frozen=True, eq=False)
class ScoredWindow:
    """A window's applications, with one label (1, 0, or NaN if undecided) and one out-of-sample score each.

    `keys` is a hash of each row's customer (`Prepared.keys`): rows of one customer belong together, and are no
    independent observations. None means that every row stands alone. `note` is what a question about labels has to add,
    such as that those of the last days are still coming in. `days` is the day of each row's application; None where it
    is not known.
    """

    applications: pd.DataFrame
    labels: Floats
    scores: Floats
    keys: Keys | None = None
    note: str = ""
    days: Days | None = None
