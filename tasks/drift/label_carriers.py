"""Carriers of changes that decisions show: of their share, of the rule, and of the model's ranking."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tasks.core.arrays import Floats, Mask
from tasks.core.findings import Finding
from tasks.drift.carriers import Carrier, Find, carry_flags, find_place
from tasks.drift.comparison import Comparison
from tasks.drift.residuals import compare_groups, group_rows
from tasks.drift.score_curve import ScoreCurve
from tasks.statistics.regression import logit


def _carry_label(finding: Finding, comparison: Comparison) -> Carrier:
    labels, profile = comparison.observed.labels, comparison.profile
    rows = np.flatnonzero(~np.isnan(labels))
    reference = float(profile.labelled), float(profile.positive)
    return carry_flags(comparison.positive.share, rows, labels[rows] == 1, reference)


def _carry_curve(finding: Finding, comparison: Comparison) -> Carrier:
    """The residual from the reference's curve, weighed by how the window's curve differs from it at this score."""
    curve = comparison.curve
    shift = curve.now - curve.before
    measured = f"change of the {comparison.positive.share} at an equal score"
    mean = float(np.mean(np.abs(shift[curve.rows.is_current == 1])))
    return _carry_residuals(curve, (logit(curve.now) - logit(curve.before), shift), mean, measured)


def _carry_by_column(finding: Finding, comparison: Comparison) -> Carrier | None:
    """The residual from the reference's curve, weighed by how the residuals of the column's group changed."""
    curve, place = comparison.curve, find_place(comparison, finding.subject)
    rows, codes = curve.rows, (comparison.profile.codes[:, place], comparison.codes[:, place])
    bins = comparison.profile.columns[place]
    group = np.concatenate(group_rows(bins, codes[0][rows.reference_rows], codes[1][rows.window_rows]))
    left = compare_groups(curve, group)
    if left is None:
        return None
    noise = curve.before * (1 - curve.before)
    used = group >= 0
    sizes = np.bincount(group[used], minlength=len(left.changes))
    spread = np.bincount(group[used], noise[used], minlength=len(left.changes)) / np.maximum(sizes, 1)
    shift = np.where(used, left.changes[group], 0.0)
    way = shift / np.maximum(spread, 1e-9)[group]
    measured = f"change of the {comparison.positive.share} at an equal score, by {finding.subject}"
    return _carry_residuals(curve, (way, shift), finding.effect or 0.0, measured)


def _carry_residuals(curve: ScoreCurve, change: tuple[Floats, Floats], mean: float, measured: str) -> Carrier:
    """Residuals from the reference's curve in the direction of a change, in parts of it: 0 without it, 1 with it.

    `change` is that of the log odds and of the probability, row by row, and `mean` its mean size.

    Notes
    -----
    Weighed by the change of the log odds, residuals tell most (a score statistic: Cox & Hinkley, Theoretical
    Statistics, 1974, section 9.3).
    """
    way, shift = change
    now = curve.rows.is_current == 1
    weights, numbers = way * shift, way * (curve.rows.labels - curve.before)
    noise = float(np.sum((way**2 * curve.fitted * (1 - curve.fitted))[now]))
    reference = float(weights[~now].sum()), float(numbers[~now].sum())
    variance = noise / max(float(weights[now].sum()), 1e-300)
    return Carrier(measured, curve.rows.window_rows, numbers[now], weights[now], reference, variance, mean)


def _carry_auc(finding: Finding, comparison: Comparison) -> Carrier:
    """The share of the reference's applications of the other decision that the model puts in the right order with it.

    Both decisions count for one half. What an application of either one lacks is lacking from both sides of a pair of
    the window, so that it counts twice: the mean is then the AUC of the day, as far as a first-order expansion tells.
    """
    rows = comparison.labelled
    now = rows.is_current == 1
    placed = _place_against(rows.labels, rows.scores, ~now)
    share = float(np.mean(rows.labels[~now]))
    weights = np.where(rows.labels == 1, 0.5 / share, 0.5 / (1 - share))
    before = weights[~now]
    area, whole = float(np.average(placed[~now], weights=before)), float(before.sum())
    placed = 2 * placed - area
    variance = float(np.sum(before**2 * (placed[~now] - area) ** 2) / whole)
    numbers = (weights * placed)[now]
    return Carrier("AUC", rows.window_rows, numbers, weights[now], (whole, area * whole), max(variance, 1e-9))


def _place_against(labels: Floats, scores: Floats, is_reference: Mask) -> Floats:
    """For each row the share of the reference's rows of the other label that lie on its right side; ties count half."""
    placed = np.empty(len(labels))
    for label in (0, 1):
        rows, others = labels == label, np.sort(scores[(labels != label) & is_reference])
        below = np.searchsorted(others, scores[rows], "left") + np.searchsorted(others, scores[rows], "right")
        share = below / (2 * len(others))
        placed[rows] = share if label else 1 - share
    return placed


LABEL_CARRIERS: Mapping[str, Find] = {
    "approval_rate": _carry_label,
    "score_curve": _carry_curve,
    "calibration": _carry_curve,
    "by_column": _carry_by_column,
    "auc": _carry_auc,
}
