"""Residuals of the score curves, compared between the windows by the values of one column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tasks.core.arrays import Codes, Floats, Integers
from tasks.drift.score_curve import ScoreCurve
from tasks.profile.bins import LEAST_GROUP_ROWS, Bins
from tasks.statistics.distributions import chance_of_weighted_chi_square

# Where the curve takes up all but this much of the groups' noise, nothing is left to compare.
LEAST_FREEDOM = 0.01


@dataclass(frozen=True, eq=False)
class ResidualChanges:
    """The change of the mean residual, group by group, from the reference to the window.

    Parameters
    ----------
    changes : array of k
        One for each group.
    variances : array of k
        Those of the changes were the curve known.
    correlation : array of k by k
        That of the changes by the roots of these variances. Where every row stands alone its diagonal is below 1, as
        the curve is fitted to the same rows and takes up a part of the noise.
    rows : array of k
        The rows of both windows in each group.
    """

    changes: Floats
    variances: Floats
    correlation: Floats
    rows: Floats

    @property
    def effect(self) -> float:
        """The root mean square change over the rows, less what noise alone would make of it."""
        noise = self.variances * np.diag(self.correlation)
        return float(np.sqrt(max(float(np.average(self.changes**2 - noise, weights=self.rows)), 0.0)))

    @property
    def p_value(self) -> float:
        """That of no change in any group: the sum of the squared standardised changes."""
        return chance_of_weighted_chi_square(float(np.sum(self.changes**2 / self.variances)), self.correlation)

    @property
    def freedom(self) -> int:
        """How many chi-squares that sum is worth: the groups, less what the curve takes up."""
        return max(round(float(np.trace(self.correlation))), 1)


def compare_groups(curve: ScoreCurve, group: Integers) -> ResidualChanges | None:
    """The mean of label less fitted probability in each group, in the window less in the reference.

    Parameters
    ----------
    curve : ScoreCurve
        The curves of both windows.
    group : array of n
        The group of each row of the curve, from 0; -1 is none.

    Returns
    -------
    ResidualChanges or None
        None for one group, and where the groups are what the curve is fitted by.

    Notes
    -----
    The correlation is that of a score test: of the fitted curve's residuals, not of the true curve's. Residuals of one
    customer count as equally correlated.

    References
    ----------
    Rao, Proceedings of the Cambridge Philosophical Society 44 (1948). Moulton, Journal of Econometrics 32 (1986).
    """
    groups = int(group.max()) + 1
    if groups < 2:
        return None
    used = group >= 0
    # A cell is one group in one window; the means of the cells, the window's less the reference's, are the changes.
    cell = (group + groups * (curve.rows.is_current == 1))[used]
    sizes = np.bincount(cell, minlength=2 * groups).reshape(2, groups)
    noise = curve.fitted * (1 - curve.fitted)

    def sum_cells(values: Floats) -> Floats:
        sums = np.bincount(cell, weights=values[used], minlength=2 * groups)
        return np.asarray(sums.reshape(2, groups), dtype=np.float64)

    before, now = sum_cells(curve.rows.labels - curve.fitted) / sizes
    variances = np.maximum(np.sum(sum_cells(noise) / sizes**2, axis=0), 1e-12)
    moved = np.stack([np.diff(sum_cells(noise * column) / sizes, axis=0)[0] for column in curve.design.T], axis=1)
    taken_up = moved / np.sqrt(variances)[:, None]
    correlation = np.eye(groups) - taken_up @ curve.fit.covariance @ taken_up.T
    if np.trace(correlation) < LEAST_FREEDOM:
        return None
    if curve.together:
        share = np.zeros((len(group), groups))
        sign = np.where(curve.rows.is_current == 1, 1.0, -1.0)
        window = (curve.rows.is_current == 1).astype(np.int64)
        share[used, group[used]] = (sign / sizes[window, np.maximum(group, 0)])[used]
        correlation = correlation + _find_likeness(curve, share / np.sqrt(variances), taken_up)
    return ResidualChanges(now - before, variances, correlation, sizes.sum(axis=0).astype(float))


def _find_likeness(curve: ScoreCurve, share: Floats, taken_up: Floats) -> Floats:
    """What residuals of one customer, day or weekday add to the correlation of the changes.

    `share` is what a residual adds to each change (n by k), `taken_up` what each coefficient takes of it (k by 5).
    """
    added = share - curve.design @ (taken_up @ curve.fit.covariance).T
    noise = added * np.sqrt(curve.fitted * (1 - curve.fitted))[:, None]
    return np.asarray(sum(alike * clusters.cross(noise) for alike, clusters in curve.together))


def group_rows(bins: Bins, reference: Codes, current: Codes) -> tuple[Integers, Integers]:
    """The group of each row of both windows.

    Parameters
    ----------
    bins : Bins
        The levels of the column.
    reference, current : arrays of codes
        One code for each row.

    Returns
    -------
    tuple of two arrays of int
        The groups, from 0; those that one of the windows hardly has are -1.
    """
    group = bins.group_codes(np.bincount(reference, minlength=bins.levels + 1))
    before, now = group[reference], group[current]
    groups = int(group.max()) + 1
    few = np.minimum(np.bincount(before, minlength=groups), np.bincount(now, minlength=groups)) < LEAST_GROUP_ROWS
    names = np.where(few, -1, np.cumsum(~few) - 1)
    return names[before], names[now]
