"""Concept drift: has the rule changed, P(y given x)?

Asked twice under one error budget: is the chance of approval still the same at an equal score; and where it is not by
the score, is it by the values of one column?
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import scipy
from numpy.typing import NDArray

from tasks.bins import MISSING, Bins, Codes
from tasks.findings import Finding, Question, Verdict
from tasks.observed import Observed
from tasks.policy import DriftPolicy
from tasks.profile import Profile
from tasks.score_curve import Labelled, ScoreCurve, choose_labelled, fit_score_curve, standard_error_of
from tasks.statistics.power import Bar, smallest_change, smallest_spread
from tasks.verdict import Draft, say_no_data, settle

Floats = NDArray[np.float64]

CHANCE = "chance of approval"

# The most groups that the levels of a column are gathered into, and the fewest rows of a window in a group.
MOST_GROUPS = 6
LEAST_GROUP_ROWS = 20


def measure_concept_drift(profile: Profile, observed: Observed, codes: Codes, policy: DriftPolicy) -> list[Finding]:
    """The findings of the concept question; `codes` are the window's, as the profile encodes it."""
    rows = choose_labelled(profile, observed, policy.seed)
    unanswered = explain_silence(rows, policy.minimum_rows)
    if unanswered:
        verdict, reason = unanswered
        return [say_no_data(Question.CONCEPT, "score_curve", f"Concept drift: {reason}", verdict)]
    curve = fit_score_curve(rows)
    drafts = []
    for place, bins in enumerate(profile.columns):
        grouped = group_levels(bins, profile.codes[rows.reference_rows, place], codes[rows.window_rows, place])
        draft = _compare_by_column(curve, bins, grouped, policy)
        drafts += [draft] if draft is not None else []
    # Half of the budget is the score curve's: as one of twenty it would miss what it alone can see.
    by_score = replace(_compare_curves(curve, policy), weight=float(max(len(drafts), 1)))
    return settle([by_score, *drafts], policy.concept_level)


def explain_silence(rows: Labelled, minimum_rows: int) -> tuple[Verdict, str] | None:
    """Why questions about the labels cannot be answered, or None where they can."""
    n, m = len(rows.reference_rows), len(rows.window_rows)
    if not m:
        return Verdict.NOT_RUN, "no application of the window has been decided yet."
    if min(n, m) < minimum_rows:
        return (
            Verdict.NOT_ENOUGH_DATA,
            f"{m:,} applications of the window and {n:,} of the reference are decided; {minimum_rows:,} are needed.",
        )
    if not rows.has_both_labels:
        return Verdict.NOT_ENOUGH_DATA, "one of the two windows holds one decision only."
    return None


def _compare_curves(curve: ScoreCurve, policy: DriftPolicy) -> Draft:
    """The mean change of the chance of approval at an equal score, over the window's applicants."""
    current = curve.rows.is_current == 1
    change = (curve.now - curve.before)[current]
    slopes = (curve.slope_now - curve.slope_before)[current]
    error = standard_error_of(np.sign(change) @ slopes / len(change), curve.fit)
    effect = float(np.mean(np.abs(change)))
    finding = Finding(
        Question.CONCEPT,
        "score_curve",
        Verdict.PASS,
        "",
        effect=effect,
        unit=CHANCE,
        standard_error=error,
        limit=policy.concept_floor,
        p_value=curve.p_value,
        reference=float(np.mean(curve.before[current])),
        current=float(np.mean(curve.now[current])),
    )
    seen = (
        f"At an equal score the chance of approval differs by {100 * effect:.1f} points on average between the window "
        "and the reference."
    )
    return Draft(finding, seen, partial(smallest_change, error, freedom=2))


def group_levels(bins: Bins, reference: Codes, current: Codes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The group of each row of both windows; levels in order (or by frequency) fill at most six groups evenly.

    Missing values and special values are groups of their own. Groups that one of the windows hardly has are -1.
    """
    counts = np.bincount(reference, minlength=bins.levels + 1).astype(float)
    apart = [MISSING, *range(bins.intervals + 1, bins.levels + 1)] if bins.is_number else [MISSING]
    plain = np.setdiff1d(np.arange(bins.levels + 1), apart)
    most = max(MOST_GROUPS - int(np.sum(counts[apart] >= LEAST_GROUP_ROWS)), 2)
    group = np.zeros(bins.levels + 1, dtype=np.int64)
    if bins.is_ordered:
        middles = np.cumsum(counts[plain]) - counts[plain] / 2
        group[plain] = np.minimum(middles * most / max(counts[plain].sum(), 1), most - 1).astype(np.int64)
    else:
        group[plain] = np.minimum(np.arange(len(plain)), most - 1)
    group[apart] = most + np.arange(len(apart))
    before, now = group[reference], group[current]
    groups = most + len(apart)
    few = np.minimum(np.bincount(before, minlength=groups), np.bincount(now, minlength=groups)) < LEAST_GROUP_ROWS
    names = np.where(few, -1, np.cumsum(~few) - 1)
    return names[before], names[now]


def _compare_by_column(
    curve: ScoreCurve, bins: Bins, grouped: tuple[NDArray[np.int64], NDArray[np.int64]], policy: DriftPolicy
) -> Draft | None:
    """What the score curves leave unexplained, compared between the windows in each group of a column's values."""
    group = np.concatenate(grouped)
    used, groups = group >= 0, int(group.max()) + 1
    if groups < 2:
        return None
    left_over, noise = curve.rows.labels - curve.fitted, curve.fitted * (1 - curve.fitted)
    change, variance, weight = np.zeros(groups), np.zeros(groups), np.zeros(groups)
    for window, sign in ((0, -1), (1, 1)):
        rows = used & (curve.rows.is_current == window)
        sizes = np.bincount(group[rows], minlength=groups)
        change += sign * np.bincount(group[rows], weights=left_over[rows], minlength=groups) / sizes
        variance += np.bincount(group[rows], weights=noise[rows], minlength=groups) / sizes**2
        weight += sizes
    variance = np.maximum(variance, 1e-12)
    effect = float(np.sqrt(max(np.average(change**2 - variance, weights=weight), 0.0)))
    finding = Finding(
        Question.CONCEPT,
        "by_column",
        Verdict.PASS,
        "",
        bins.name,
        effect=effect,
        unit=CHANCE,
        limit=policy.concept_column_floor,
        p_value=float(scipy.stats.chi2.sf(np.sum(change**2 / variance), groups)),
    )
    seen = (
        f"{bins.name}: beside the score, its values move the chance of approval by {100 * effect:.1f} points between "
        f"the window and the reference, over {groups} groups of values."
    )
    return Draft(finding, seen, partial(_smallest_spread, variance, groups))


def _smallest_spread(variances: Floats, groups: int, bar: Bar) -> float:
    return smallest_spread(variances, groups, bar)
