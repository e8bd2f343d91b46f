"""A window with its labels and scores, as the drift questions need it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from tasks.core.arrays import Codes, Days, Floats, Integers, Keys, Mask
from tasks.core.whole_rows import Sample


@dataclass(frozen=True, eq=False)
class ScoredWindow:
    """A window's applications, with one label (1, 0, or NaN if undecided) and one out-of-sample score each.

    A score is NaN where the lender's own model has none: such a row counts for the applicants and for the share of
    labels, and for nothing that needs a score.

    `keys` is a hash of each row's customer (`Prepared.keys`): rows of one customer belong together, and are no
    independent observations. None means that every row stands alone. `note` is what a question about labels has to add,
    such as that those of the last days are still coming in. `days` is the day of each application, None where it is not
    known. `refused` says which applications will never have a label, as they were refused and only loans that were
    given have an outcome; None where every application gets a label.

    Of a window that is too large for a frame, `applications` hold the words only, `codes` the levels of every column by
    the champion's bins, and `kept` the rows whose values are known in full.
    """

    applications: pd.DataFrame
    labels: Floats
    scores: Floats
    keys: Keys | None = None
    note: str = ""
    days: Days | None = None
    refused: Mask | None = None
    codes: Codes | None = None
    kept: Sample | None = None

    @property
    def in_full(self) -> ScoredWindow:
        """The rows whose values are all known: every row, or those of some customers."""
        return self if self.kept is None else self._pick(self.kept.applications, self.kept.places)

    @property
    def is_labelled(self) -> Mask:
        """Which rows have a label."""
        return ~np.isnan(self.labels)

    @property
    def is_judged(self) -> Mask:
        """Which rows have a label and a score: what concept and model drift rest on."""
        return self.is_labelled & ~np.isnan(self.scores)

    @property
    def is_open(self) -> Mask:
        """Which rows have a score and are still to get a label."""
        unlabelled = np.isnan(self.labels) & ~np.isnan(self.scores)
        return unlabelled if self.refused is None else unlabelled & ~self.refused

    @property
    def rests_on(self) -> str:
        """On which rows figures of labels rest, where only loans that were given have one; else nothing."""
        if self.refused is None:
            return ""
        given, labelled = int((~self.refused).sum()), int(self.is_labelled.sum())
        return (
            f"Rests on the {labelled:,} of {len(self.labels):,} applications with an outcome; {given:,} were given a "
            "loan, and nothing is assumed of those refused."
        )

    def take(self, rows: Mask) -> ScoredWindow:
        """The rows where the mask is true."""
        taken = self._pick(self.applications.loc[rows].reset_index(drop=True), rows)
        codes = None if self.codes is None else self.codes[rows]
        return replace(taken, codes=codes, kept=None if self.kept is None else self.kept.take(rows))

    def _pick(self, applications: pd.DataFrame, rows: Mask | Integers) -> ScoredWindow:
        """Some rows, of which these are the applications."""
        return ScoredWindow(
            applications,
            self.labels[rows],
            self.scores[rows],
            None if self.keys is None else self.keys[rows],
            self.note,
            None if self.days is None else self.days[rows],
            None if self.refused is None else self.refused[rows],
        )


def join_windows(earlier: ScoredWindow, later: ScoredWindow) -> ScoredWindow:
    """The rows of two windows as those of one. What only one of them knows of its rows, the whole does not know.

    Only rows whose values are all known can be held against any reference: of larger windows, those.
    """
    earlier, later = earlier.in_full, later.in_full

    def join(name: str) -> Any:
        parts = [getattr(earlier, name), getattr(later, name)]
        return None if any(part is None for part in parts) else np.concatenate(parts)

    return ScoredWindow(
        pd.concat([earlier.applications, later.applications], ignore_index=True),
        join("labels"),
        join("scores"),
        join("keys"),
        later.note,
        join("days"),
        join("refused"),
    )
