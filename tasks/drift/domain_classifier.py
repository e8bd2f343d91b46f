"""Joint shape: can the two windows be told apart by their columns together, where each alone looks the same?

A small gradient-boosted classifier learns on one half of the rows which window a row comes from, and is judged on the
other half; then the halves change places. It sees the codes of the levels only, so that rounding gives nothing away.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import scipy
from threadpoolctl import threadpool_limits

from tasks.core.arrays import Codes, Floats, Integers, sample_rows
from tasks.core.findings import Finding, Question, Verdict
from tasks.core.policy import DriftPolicy
from tasks.core.wording import AUC, join_list
from tasks.drift.halves import Halves, make_halves
from tasks.drift.judgement import MOST_NAMED, Draft, judge_family
from tasks.drift.membership import Membership, Side, find_design_effect, measure_sides, stand_alone
from tasks.models.tree_tables import tabulate
from tasks.profile.profile import SAMPLE_ROWS
from tasks.statistics.auc import expect_auc, find_influence, find_placements, measure_auc, null_variance
from tasks.statistics.counted_auc import Auc
from tasks.statistics.power import Bar, smallest_change

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

    from tasks.drift.comparison import Comparison


TREES = 40
LEAVES = 8
# A column is named where scrambling it costs at least this share of what scrambling the most telling one costs.
NAMED_SHARE = 0.5


@dataclass(frozen=True, eq=False)
class Separation:
    """How well the windows can be told apart.

    Parameters
    ----------
    auc
        The mean AUC of the two halves.
    standard_error
        Of the AUC of one half.
    null_error
        The same were the windows alike.
    p_value
        That of windows that are alike, one-sided.
    importance : array of k, or empty
        What each column contributes to the AUC, where the difference is significant.
    rows, placements : arrays of m, or empty
        Then also the window's rows that were used, by their positions, and for each the share of the reference's rows
        of its half that look less like the window: their mean is the AUC.

    Notes
    -----
    Both halves estimate the same and are not independent, so that no credit is taken for their mean: with a
    smaller error there were too many false alarms, when it was tried.
    """

    auc: float
    standard_error: float
    null_error: float
    p_value: float
    importance: Floats
    rows: Integers = field(default_factory=lambda: np.zeros(0, np.int64))
    placements: Floats = field(default_factory=lambda: np.zeros(0))


def measure_joint_shape(comparison: Comparison) -> list[Finding]:
    """How well the windows can be told apart, and by which columns.

    Parameters
    ----------
    comparison : Comparison
        The window and the reference, with the limit and the seed.

    Returns
    -------
    list of Finding
        One.
    """
    profile, policy, separation = comparison.profile, comparison.policy, comparison.separation
    names = tuple(profile.columns[place].name for place in _choose_named(separation.importance))
    finding = Finding(
        Question.DATA,
        "joint_shape",
        Verdict.PASS,
        "",
        effect=separation.auc,
        unit=AUC,
        standard_error=separation.standard_error,
        limit=policy.joint_limit,
        p_value=separation.p_value,
        reference=0.5,
        current=separation.auc,
        columns=names,
    )
    seen = (
        f"All columns together: a classifier separates the window from the reference with an AUC of "
        f"{separation.auc:.3f} (0.5 means not at all){f', mainly by {join_list(names)}' if names else ''}."
    )

    def find_smallest(bar: Bar) -> float:
        return 0.5 + smallest_change(separation.null_error, Bar(bar.level, bar.limit - 0.5), sides=1)

    return judge_family([Draft(finding, seen, find_smallest)], policy.joint_level)


def separate_windows(
    reference: Codes,
    current: Codes,
    policy: DriftPolicy,
    find_membership: Callable[[Integers, Integers], Membership] = stand_alone,
) -> Separation:
    """Learn on each half of the rows and judge on the other half.

    Parameters
    ----------
    reference, current : arrays of codes, rows by columns
        At most 20,000 rows of each are used, drawn at random.
    policy : DriftPolicy
        The level from which columns are weighed, and the seed.
    find_membership : callable
        Tells of the rows that are used, by their places in either, whose they are and of which days. Where customers
        come back, rows are parted by customer, where days differ, by day; and the errors allow for what those of one
        customer and of one day have in common.

    Returns
    -------
    Separation
        The same on every run: one thread, as sums in another order would differ in their last bit.
    """
    used = [sample_rows(len(codes), SAMPLE_ROWS, policy.seed) for codes in (reference, current)]
    membership = find_membership(used[0], used[1])
    halves = make_halves(reference[used[0]], current[used[1]], policy.seed, membership.halves)
    # One thread: sums in a different order would differ in their last bit from run to run.
    with threadpool_limits(limits=1, user_api="openmp"):
        models = [_fit(halves, half, policy.seed) for half in (0, 1)]
        scored = [_score(model, halves, half) for half, model in enumerate(models)]
        areas = [(Auc(0.5, 0.25), 0.25) if one is None else one.judge() for one in scored]
        auc = float(np.mean([area.value for area, _ in areas]))
        effect = find_design_effect(_measure_sides(scored, membership))
        null_error = float(np.sqrt(effect * np.mean([variance for _, variance in areas])))
        p_value = float(scipy.stats.norm.sf((auc - 0.5) / max(null_error, 1e-9)))
        is_significant = p_value <= policy.joint_level
        importance = _weigh_columns(models, halves, policy.seed) if is_significant else np.zeros(0)
        placements = _place_window(scored, halves) if is_significant else np.zeros(0)
    standard_error = float(np.sqrt(effect * np.mean([area.variance for area, _ in areas])))
    held = np.flatnonzero(~np.isnan(placements))
    return Separation(auc, standard_error, null_error, p_value, importance, used[1][held], placements[held])


def _fit(halves: Halves, half: int, seed: int) -> HistGradientBoostingClassifier | None:
    """A model of the other half's rows; None where that half holds one window only."""
    rows = halves.half != half
    if len(np.unique(halves.is_current[rows])) < 2:
        return None
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(
        max_iter=TREES, max_leaf_nodes=LEAVES, learning_rate=0.1, early_stopping=False, random_state=seed
    )
    features = halves.features[rows]
    # scikit-learn 1.9 cannot bin a column without any value; one number for all rows is never split on, either.
    features[:, np.isnan(features).all(axis=0)] = 0.0
    return model.fit(features, halves.is_current[rows])


@dataclass(frozen=True, eq=False)
class _Scored:
    """One half's rows, by their positions, which are the window's (1), and what the other half's model says of them."""

    rows: Integers
    is_current: Floats
    scores: Floats

    def judge(self) -> tuple[Auc, float]:
        """The area, and its variance were the windows alike."""
        return measure_auc(self.is_current, self.scores), null_variance(self.is_current, self.scores)


def _score(model: HistGradientBoostingClassifier | None, halves: Halves, half: int) -> _Scored | None:
    """One half as the other half's model sees it; None where it cannot be judged."""
    rows = np.flatnonzero(halves.half == half)
    is_current = halves.is_current[rows]
    if model is None or len(np.unique(is_current)) < 2:
        return None
    return _Scored(rows, is_current, model.decision_function(halves.features[rows]))


def _place_window(scored: list[_Scored | None], halves: Halves) -> Floats:
    """For each row of the window the share of the reference's rows of its half with a lower score; NaN without one."""
    shares = np.full(len(halves.half), np.nan)
    for half in filter(None, scored):
        placed, _ = find_placements(half.is_current, half.scores)
        shares[half.rows[half.is_current == 1]] = placed
    return np.asarray(shares[halves.is_current == 1], dtype=np.float64)


def _measure_sides(scored: list[_Scored | None], membership: Membership) -> list[Side]:
    """Both windows' parts of the variance of the area, on each half that can be judged."""
    sides: list[Side] = []
    if membership.groups is None and membership.days is None:
        return sides
    for half in filter(None, scored):
        influence = find_influence(half.is_current, half.scores)
        sides += measure_sides(influence, half.is_current, membership.take(half.rows))
    return sides


def _weigh_columns(models: list[HistGradientBoostingClassifier | None], halves: Halves, seed: int) -> Floats:
    """What the area loses where one column is scrambled, over both halves: permutation importance."""
    random = np.random.default_rng(seed)
    losses = np.zeros(halves.features.shape[1])
    for half, model in enumerate(models):
        rows = halves.half == half
        if model is None or not rows.any():
            continue
        columns, labels = np.ascontiguousarray(halves.features[rows].T), halves.is_current[rows]
        tables = tabulate([tree for (tree,) in model._predictors])
        values = [table.read(columns) for table in tables]
        whole = expect_auc(labels, np.sum(values, axis=0))
        order = random.permutation(len(labels))
        for place, column in enumerate(columns.copy()):
            columns[place] = column[order]
            # A tree that does not ask about the column says what it said.
            scrambled = [
                table.read(columns) if place in table.features else value
                for table, value in zip(tables, values, strict=True)
            ]
            losses[place] += whole - expect_auc(labels, np.sum(scrambled, axis=0))
            columns[place] = column
    return losses


def _choose_named(importance: Floats) -> list[int]:
    """The places of the columns that contribute most, the first three at most."""
    order = np.argsort(-importance, kind="stable")[:MOST_NAMED]
    return [
        int(place) for place in order if importance[place] > 0 and importance[place] >= NAMED_SHARE * importance.max()
    ]
