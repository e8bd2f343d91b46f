"""Label drift: has the share of positive decisions changed, P(y)?"""

from __future__ import annotations

from functools import partial

import numpy as np

from tasks.core.findings import Finding, Question, Verdict
from tasks.core.wording import format_share
from tasks.drift.comparison import Comparison
from tasks.drift.judgement import Draft, judge_family, report_no_data
from tasks.statistics.power import smallest_change
from tasks.statistics.proportions import compare_shares, divide_counts

SHARE = "share of decided applications"


def name_share(comparison: Comparison) -> str:
    """The share of the positive label in the contract's words, at the start of a sentence."""
    share = comparison.positive.share
    return f"{share[0].upper()}{share[1:]}"


def measure_label_drift(comparison: Comparison) -> list[Finding]:
    """The share of the positive decision among the decided applications, now and before.

    Parameters
    ----------
    comparison : Comparison
        The window and the reference, with the limits.

    Returns
    -------
    list of Finding
        One; `not_run` without a decision, `not_enough_data` with few or with decisions of one kind only.
    """
    profile, observed, policy = comparison.profile, comparison.observed, comparison.policy
    share = name_share(comparison)
    decided = int(np.sum(~np.isnan(observed.labels)))
    if not decided:
        reason = f"{share}: no decision of the window counts yet. {observed.note}".strip()
        return [report_no_data(Question.LABEL, "approval_rate", reason, Verdict.NOT_RUN)]
    if min(decided, profile.labelled) < policy.minimum_rows:
        reason = (
            f"{share}: {decided:,} applications of the window and {profile.labelled:,} of the reference are decided; "
            f"at least {policy.minimum_rows:,} of each are needed. {observed.note}"
        ).strip()
        return [report_no_data(Question.LABEL, "approval_rate", reason)]
    positive = int(np.nansum(observed.labels))
    before, now = (
        likeness.design_effect(rows) + rows * days
        for likeness, rows, days in zip(
            comparison.label_likeness, (profile.labelled, decided), comparison.days.label, strict=True
        )
    )
    change = compare_shares(
        divide_counts((profile.positive, profile.labelled), before), divide_counts((positive, decided), now)
    )
    finding = Finding(
        Question.LABEL,
        "approval_rate",
        Verdict.PASS,
        "",
        effect=abs(change.change),
        unit=SHARE,
        standard_error=change.standard_error,
        limit=policy.fit_limit(policy.label_limit, change.reference),
        p_value=change.p_value,
        reference=change.reference,
        current=change.current,
    )
    rates = format_share(change.current), format_share(change.reference)
    seen = f"{share}: {rates[0]} of decided applications, {rates[1]} before. {observed.note}".strip()
    return judge_family([Draft(finding, seen, partial(smallest_change, change.standard_error))], policy.label_level)
