"""Score bands: rows, share, positive labels and odds by bands of the score, on the reference and in the window."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tasks.bank.sides import Side
from tasks.contract.contract import Contract
from tasks.core.arrays import Floats, pick_rows
from tasks.core.loan_rule import LoanRule
from tasks.foreign.model import ScoreColumn, Scorer


@dataclass(frozen=True)
class BandSide:
    """One band on one side.

    Parameters
    ----------
    rows
        Its rows, decided or not.
    share
        Of all rows with a score.
    decided
        Those of its rows with a label.
    positive_rate
        The share of the positive label among them; None without any.
    odds
        Good ones for each bad one; None without a bad one.
    """

    rows: int
    share: float
    decided: int
    positive_rate: float | None
    odds: float | None


@dataclass(frozen=True)
class ScoreBand:
    """A band of the score, from `low` (None: open) up to but without `high`, before and now."""

    low: float | None
    high: float | None
    reference: BandSide
    window: BandSide


def find_own_lines(contract: Contract, scorer: Scorer) -> Floats:
    """Where the contract cuts the score, as probabilities.

    Parameters
    ----------
    contract : Contract
        With `score_bands`, in the unit of the score.
    scorer : Scorer
        The monitored model. Points of the lender's own model become probabilities by its curve.

    Returns
    -------
    array
        Ascending; empty where the contract states none, and where it states points that the model does not have.
    """
    lines = np.array(contract.score_bands, dtype=np.float64)
    if contract.has_points:
        lines = scorer.convert(lines) if isinstance(scorer, ScoreColumn) and scorer.curve else np.zeros(0)
    return np.sort(np.asarray(lines, dtype=np.float64))


def tabulate_bands(reference: Side, window: Side, lines: Floats, lending: LoanRule) -> list[ScoreBand]:
    """The table of score bands, the worst applicants first.

    Parameters
    ----------
    reference, window : Side
        Rows without a score are left out.
    lines : array
        Where the score is cut, ascending.
    lending : LoanRule
        Which label is good.

    Returns
    -------
    list of ScoreBand
        One more than there are lines.

    References
    ----------
    Siddiqi, Credit Risk Scorecards (2006), chapter 9: the scorecard characteristic and performance reports.
    """
    before, now = (_count(side, lines, lending) for side in (reference, window))
    ends: list[float | None] = [None, *(float(line) for line in lines), None]
    bands = [ScoreBand(low, high, old, new) for (low, high), old, new in zip(pairwise(ends), before, now, strict=True)]
    return bands if lending.is_positive_good else bands[::-1]


def _count(side: Side, lines: Floats, lending: LoanRule) -> list[BandSide]:
    held = ~np.isnan(side.scores)
    labels, bands = pick_rows(side.labels, held), len(lines) + 1
    place = np.searchsorted(lines, pick_rows(side.scores, held), side="right")
    rows = np.bincount(place, minlength=bands)
    known = ~np.isnan(labels)
    place, labels = pick_rows(place, known), pick_rows(labels, known)
    decided = np.bincount(place, minlength=bands)
    positive = np.bincount(place, weights=labels, minlength=bands)
    good = positive if lending.is_positive_good else decided - positive
    return [
        BandSide(
            int(rows[band]),
            float(rows[band] / max(rows.sum(), 1)),
            int(decided[band]),
            float(positive[band] / decided[band]) if decided[band] else None,
            float(good[band] / (decided[band] - good[band])) if decided[band] > good[band] else None,
        )
        for band in range(bands)
    ]
