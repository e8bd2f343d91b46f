"""Data drift: have this window's applicants changed since the reference, P(x)?

Each column is asked three things (its distribution, its missing values, values that are new), all under one error
budget, and all columns together one more: their joint shape.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from tasks.core.arrays import Codes, Counts
from tasks.core.findings import Finding, Question, Verdict
from tasks.core.policy import DriftPolicy
from tasks.core.wording import format_share
from tasks.drift.comparison import Comparison
from tasks.drift.domain_classifier import measure_joint_shape
from tasks.drift.judgement import Draft, judge_family, report_no_data
from tasks.profile.bins import MISSING, Bins
from tasks.profile.profile import Profile, count_levels, hash_masks
from tasks.statistics.distributions import compare_levels, compare_ordered
from tasks.statistics.power import smallest_change, smallest_share_beyond
from tasks.statistics.proportions import chance_beyond_range, chance_of_new_levels, compare_shares, usual_new_share

SHARE = "share of applicants"
# A column with fewer values in a window says nothing about its distribution there.
LEAST_VALUES = 20


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
    profile, codes, policy = comparison.profile, comparison.codes, comparison.policy
    rows = len(codes)
    if min(rows, profile.rows) < policy.minimum_rows:
        reason = (
            f"The window holds {rows:,} applications and the reference {profile.rows:,}; at least "
            f"{policy.minimum_rows:,} of each are needed."
        )
        return [report_no_data(Question.DATA, "distribution", reason)]
    counts = count_levels(profile.columns, codes)
    drafts: list[Draft] = []
    for bins, reference, current in zip(profile.columns, profile.counts, counts, strict=True):
        drafts.append(_compare_distribution(bins, reference, current, policy))
        drafts.append(_find_never_seen(bins, reference, current, comparison))
    drafts += _compare_missing(profile, codes, counts, policy)
    return [*judge_family(drafts, policy.columns_level), *measure_joint_shape(profile, codes, policy)]


def _compare_distribution(bins: Bins, reference: Counts, current: Counts, policy: DriftPolicy) -> Draft:
    """The distribution of the values that are there; missing ones are another check's."""
    rows = (int(reference.sum()), int(current.sum()))
    reference, current = reference[1:], current[1:]
    values = (int(reference.sum()), int(current.sum()))
    if (skipped := _skip(bins, "distribution", values, rows, policy.distribution_limit)) is not None:
        return skipped
    compare = compare_ordered if bins.is_ordered else compare_levels
    compared = compare(reference, current)
    before, now, beyond = _describe_place(bins, (reference, current), compared.place)
    is_constant = np.count_nonzero(reference + current) < 2
    finding = Finding(
        Question.DATA,
        "distribution",
        Verdict.PASS,
        "",
        bins.name,
        effect=compared.effect,
        unit=SHARE,
        standard_error=compared.standard_error,
        limit=policy.distribution_limit,
        p_value=None if is_constant else compared.p_value,
        reference=before,
        current=now,
    )
    seen = f"{bins.name}: {beyond} for {format_share(now)} of applicants with a value, {format_share(before)} before."
    return Draft(finding, seen, partial(smallest_change, compared.standard_error))


def _describe_place(bins: Bins, counts: tuple[Counts, Counts], place: int) -> tuple[float, float, str]:
    """The share beyond the line, or of the level, that moved most: before, now, and its name."""
    if bins.is_ordered:
        before, now = (float(window[place + 1 :].sum() / window.sum()) for window in counts)
        return before, now, bins.name_line(place)
    before, now = (float(window[place] / window.sum()) for window in counts)
    return before, now, bins.name_level(place)


def _find_never_seen(bins: Bins, reference: Counts, current: Counts, comparison: Comparison) -> Draft:
    """The share of values that the reference does not have; of words, beyond what is usual for so many."""
    rows = (int(reference.sum()), int(current.sum()))
    if bins.is_number:  # special values are known: the contract names them
        reference, current = reference[: bins.intervals + 1], current[: bins.intervals + 1]
    n, m = int(reference[1:].sum()), int(current[1:].sum())
    if (skipped := _skip(bins, "never_seen", (n, m), rows, comparison.policy.never_seen_limit)) is not None:
        return skipped
    usual, error = 0.0, 0.0
    if bins.is_number:
        count = int(current[list(bins.new_codes)].sum())
        p_value = chance_beyond_range(count, n, m)
        kind = "a value outside the reference's range"
    else:
        before, now, new = _count_words(bins, reference, current, comparison)
        count, (usual, error) = int(new.sum()), usual_new_share(before)
        p_value = chance_of_new_levels(np.concatenate([before, np.zeros_like(new)]), np.concatenate([now, new]))
        kind = "a category that does not occur in the reference"
    share = count / m
    finding = Finding(
        Question.DATA,
        "never_seen",
        Verdict.PASS,
        "",
        bins.name,
        effect=max(share - usual, 0.0),
        unit=SHARE,
        standard_error=float(np.hypot(np.sqrt(share * (1 - share) / m), error)),
        limit=comparison.policy.never_seen_limit,
        p_value=p_value,
        reference=usual,
        current=share,
    )
    said = f"; about {format_share(usual)} is usual for so many categories" if usual else ""
    seen = f"{bins.name}: {format_share(share)} of applicants with a value have {kind}{said}."
    if not usual:
        return Draft(finding, seen, partial(smallest_share_beyond, n, m))
    noise = float(np.hypot(np.sqrt(usual * (1 - usual) / m), error))
    return Draft(finding, seen, partial(smallest_change, noise, sides=1))


def _count_words(bins: Bins, reference: Counts, current: Counts, comparison: Comparison) -> tuple[Counts, ...]:
    """The rows of each word that the reference has, in it and in the window; then of each that it does not have."""
    known = slice(1, -1)
    rare, new = bins.count_words(comparison.observed.applications[bins.name])
    rare_before = np.array(list(bins.rare.values()), dtype=np.int64)
    return np.concatenate([reference[known], rare_before]), np.concatenate([current[known], rare]), new


def _compare_missing(profile: Profile, codes: Codes, counts: tuple[Counts, ...], policy: DriftPolicy) -> list[Draft]:
    """One comparison for all columns that are missing in the same rows, in both windows: one cause, one question."""
    groups: dict[tuple[str, str], list[int]] = {}
    for place, mask in enumerate(zip(profile.masks, hash_masks(codes), strict=True)):
        groups.setdefault(mask, []).append(place)
    drafts = []
    for places in groups.values():
        missing = (int(profile.counts[places[0]][MISSING]), int(counts[places[0]][MISSING]))
        names = tuple(profile.columns[place].name for place in places)
        drafts.append(_compare_missing_share(names, missing, (profile.rows, len(codes)), policy))
    return drafts


def _compare_missing_share(
    names: tuple[str, ...], missing: tuple[int, int], rows: tuple[int, int], policy: DriftPolicy
) -> Draft:
    """The change of the share of missing values of columns that are missing together."""
    change = compare_shares((missing[0], rows[0]), (missing[1], rows[1]))
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


def _skip(bins: Bins, check: str, values: tuple[int, int], rows: tuple[int, int], limit: float) -> Draft | None:
    """A column with hardly a value in a window cannot be compared; None where it can.

    Where it is filled for fewer applicants than the limit in both windows, no change of its values can matter.
    """
    before, now = values
    if min(values) >= LEAST_VALUES:
        return None
    filled = f"{now:,} values in the window and {before:,} in the reference"
    if max(value / row for value, row in zip(values, rows, strict=True)) < limit:
        finding = Finding(Question.DATA, check, Verdict.PASS, "", bins.name)
        return Draft(finding, f"{bins.name}: only {filled}, too few to matter.", lambda _: 0.0)
    finding = Finding(Question.DATA, check, Verdict.NOT_ENOUGH_DATA, "", bins.name)
    reason = f"{bins.name}: {filled}. They cannot be compared; at least {LEAST_VALUES} of each are needed."
    return Draft(finding, reason, lambda _: 0.0)
