"""Data drift: have this window's applicants changed since the reference, P(x)?

Each column is asked three things (its distribution, its missing values, values that are new), all under one error
budget, and all columns together one more: their joint shape.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from tasks.core.findings import Finding, Question, Verdict
from tasks.core.policy import DriftPolicy
from tasks.core.wording import format_share
from tasks.drift.columns import SHARE, Column, compare_distribution, find_never_seen
from tasks.drift.comparison import Comparison
from tasks.drift.domain_classifier import measure_joint_shape
from tasks.drift.judgement import Draft, judge_family, report_no_data
from tasks.profile.bins import MISSING
from tasks.profile.profile import hash_masks
from tasks.statistics.power import smallest_change
from tasks.statistics.proportions import compare_shares, divide_counts


def measure_data_drift(comparison: Comparison) -> list[Finding]:
    """The findings of the data question.

    Parameters
    ----------
    comparison : Comparison
        The window and the reference, with the limits.

    Returns
    -------
    list of Finding
        One for each column and check, the gravest first, and one for the joint shape; with few rows a single
        `not_enough_data`.
    """
    if (few := _report_few(comparison)) is not None:
        return [few]
    return [*measure_columns(comparison), *measure_joint_shape(comparison)]


def _report_few(comparison: Comparison) -> Finding | None:
    """That rows are too few to compare; None where they are enough."""
    profile, policy, rows = comparison.profile, comparison.policy, len(comparison.codes)
    if min(rows, profile.rows) < policy.minimum_rows:
        reason = (
            f"The window holds {rows:,} applications and the reference {profile.rows:,}; at least "
            f"{policy.minimum_rows:,} of each are needed."
        )
        return report_no_data(Question.DATA, "distribution", reason)
    return None


def measure_columns(comparison: Comparison) -> list[Finding]:
    """The same without the joint shape: each column by itself."""
    if (few := _report_few(comparison)) is not None:
        return [few]
    profile, policy, counts = comparison.profile, comparison.policy, comparison.counts
    rows = len(comparison.codes)
    drafts: list[Draft] = []
    for place, bins in enumerate(profile.columns):
        levels, (values, _) = (profile.counts[place], counts[place]), comparison.days.share_column(place)
        column = Column(bins, *levels, comparison.likeness[place], (profile.rows, rows), values)
        drafts.append(compare_distribution(column, policy))
        drafts.append(find_never_seen(column, comparison))
    drafts += _compare_missing(comparison)
    return judge_family(drafts, policy.columns_level)


def _compare_missing(comparison: Comparison) -> list[Draft]:
    """One comparison for all columns that are missing in the same rows, in both windows: one cause, one question."""
    profile, codes = comparison.profile, comparison.codes
    groups: dict[tuple[str, str], list[int]] = {}
    for place, mask in enumerate(zip(profile.masks, hash_masks(codes), strict=True)):
        groups.setdefault(mask, []).append(place)
    drafts = []
    for places in groups.values():
        counts = profile.counts[places[0]], comparison.counts[places[0]]
        _, days = comparison.days.share_column(places[0])
        rows = tuple(
            divide_counts(
                (float(count[MISSING]), all_rows), likeness.missing.design_effect(all_rows) + all_rows * share
            )
            for count, likeness, share in zip(counts, comparison.likeness[places[0]], days, strict=True)
            for all_rows in [float(count.sum())]
        )
        names = tuple(profile.columns[place].name for place in places)
        drafts.append(_compare_missing_share(names, rows[0], rows[1], comparison.policy))
    return drafts


def _compare_missing_share(
    names: tuple[str, ...], reference: tuple[float, float], current: tuple[float, float], policy: DriftPolicy
) -> Draft:
    """The change of the share of missing values of columns that are missing together."""
    change = compare_shares(reference, current)
    missing, rows = (reference[0], current[0]), (reference[1], current[1])
    never = sum(missing) in (0, sum(rows))
    # Were a share of nothing to grow to the limit, its error would be that of the limit.
    pooled = float(np.clip(sum(missing) / sum(rows), policy.missing_limit, 1 - policy.missing_limit))
    noise = float(np.sqrt(pooled * (1 - pooled) * (1 / rows[0] + 1 / rows[1])))
    finding = Finding(
        Question.DATA,
        "missing",
        Verdict.PASS,
        "",
        names[0] if len(names) == 1 else "",
        effect=abs(change.change),
        unit=SHARE,
        standard_error=change.standard_error,
        limit=policy.missing_limit,
        p_value=None if never else change.p_value,
        reference=change.reference,
        current=change.current,
        columns=names,
    )
    together = " together" if len(names) > 1 else ""
    before, now = format_share(change.reference), format_share(change.current)
    seen = f"{', '.join(names)}: missing{together} for {now} of applicants, {before} before."
    return Draft(finding, seen, partial(smallest_change, noise))
