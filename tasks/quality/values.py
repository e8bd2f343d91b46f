"""Quality of values: are they there, and can they be read?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from tasks.contract.contract import Contract
from tasks.core.findings import Finding, Question, Verdict
from tasks.core.policy import QualityPolicy
from tasks.core.wording import list_some, list_words, shorten
from tasks.quality.counts import QualityCounts
from tasks.quality.reading_advice import advise_reading
from tasks.quality.shares import judge_share, warn_column


def check_unreadable(contract: Contract, counts: QualityCounts, policy: QualityPolicy) -> Iterator[Finding]:
    """The values that are not of their column's type, with what the contract could say to read them."""
    for column in contract.columns:
        if column.name not in counts.reading.unreadable:
            continue
        unreadable, name = counts.reading.unreadable[column.name], column.name
        rows, found = unreadable.marked.rows, unreadable.counts
        kind = "integer" if column.whole else column.type
        advice = advise_reading(column, found)
        change = "change the column's type in the contract"
        words = f": {list_words(found)}" if found else ""
        finding = warn_column(
            "unreadable",
            name,
            f"{name}: {rows:,} values are not a valid {kind} and count as missing{words}. "
            + f"Correct them in the source, or {f'the contract: {advice}' if advice else change}.",
            "share of values",
        )
        finding = replace(finding, rows=tuple(map(shorten, unreadable.marked.ids)))
        yield judge_share(finding, rows / (rows + counts.columns[name].present), policy.maximum_unreadable_share)


def check_dotted(contract: Contract, counts: QualityCounts, policy: QualityPolicy) -> Iterator[Finding]:
    """The number columns in which a dot may part thousands."""
    for name, example in (counts.reading.dotted or (0, {}))[1].items():
        yield warn_column(
            "thousands",
            name,
            f"{name}: values such as {shorten(example)} are read as decimals. Three digits follow every dot, and all "
            'other values are below 1,000. Where dots part thousands, say `decimal = ","` in the contract, else '
            '`decimal = "."`.',
            "",
        )


def check_missing(contract: Contract, counts: QualityCounts, policy: QualityPolicy) -> Iterator[Finding]:
    """A feature without any value is a warning; if no feature has values, the window is unfit."""
    names = [column.name for column in contract.features]
    shares = pd.Series({name: counts.share(counts.rows - counts.columns[name].present) for name in names})
    empty = [name for name in names if shares[name] == 1]
    if len(empty) == len(names):
        yield Finding(
            Question.QUALITY,
            "missing",
            Verdict.FAIL,
            "No feature has a value that can be read. "
            + (
                "See the findings on unreadable values, and check"
                if counts.reading.unreadable.keys() & set(names)
                else "Check"
            )
            + f" the tables that {contract.query} reads.",
            columns=tuple(names),
        )
        return
    for name in empty:
        unread = counts.reading.unreadable[name].marked.rows if name in counts.reading.unreadable else 0
        reason = (
            f"none of its {unread:,} values can be read. See the finding on its unreadable values."
            if unread
            else f"no application has a value. Check the source of this column in {contract.query}."
        )
        yield warn_column(
            "missing",
            name,
            f"{name}: {reason}",
            "share of applications",
            1.0,
        )
    partly = [name for name in shares.sort_values(ascending=False, kind="stable").index if 0 < shares[name] < 1]
    if partly:
        listed = list_some([f"{name} {shares[name]:.1%}" for name in partly])
        yield Finding(
            Question.QUALITY,
            "missing",
            Verdict.PASS,
            f"{len(partly)} features have missing values: {listed}.",
            effect=float(shares[partly[0]]),
            unit="share of applications",
            columns=tuple(partly),
        )
