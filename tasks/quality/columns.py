"""Quality of columns: does each column hold what the contract specifies?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from tasks.contract.columns import Column
from tasks.contract.contract import Contract
from tasks.core.findings import Finding, Question, Verdict
from tasks.core.policy import QualityPolicy
from tasks.core.wording import list_words, shorten
from tasks.quality.column_counts import Words
from tasks.quality.counts import QualityCounts
from tasks.quality.hashes import hash_words
from tasks.quality.shares import judge_share, pass_check, warn_column
from tasks.quality.values import check_dotted, check_missing, check_unreadable

# A category column in which most rows differ is free text, or an identifier of each row.
_MOST_DISTINCT_SHARE = 0.5
_FEWEST_DISTINCT = 100
_NAMED = 5  # words in a sentence

Check = Callable[[Contract, QualityCounts, QualityPolicy], Iterator[Finding]]


def judge_columns(contract: Contract, counts: QualityCounts, policy: QualityPolicy) -> list[Finding]:
    """One finding for each fault of a column; a check that finds none says so once."""
    checks: dict[str, tuple[Check, str]] = {
        "unreadable": (check_unreadable, "Every value has its column's type."),
        "thousands": (check_dotted, "No number may be read a thousand times too small."),
        "range": (_check_ranges, "Every number is within its column's range."),
        "allowed_values": (_check_categories, "Every category is an allowed value of its column."),
        "special_values": (_check_special, "No special value occurs."),
        "missing": (check_missing, "Every feature has values."),
        "constant": (_check_constant, "No feature is constant."),
        "free_text": (_check_free_text, "No category column holds free text."),
        "same_columns": (_check_same, "No two features are identical."),
    }
    findings: list[Finding] = []
    for name, (check, nothing_found) in checks.items():
        findings += list(check(contract, counts, policy)) or [pass_check(name, nothing_found)]
    return findings


def _check_ranges(contract: Contract, counts: QualityCounts, policy: QualityPolicy) -> Iterator[Finding]:
    """Special values may lie outside the range."""
    for column in contract.columns:
        beyond, present = counts.columns[column.name].beyond, counts.columns[column.name].present
        if not beyond.marked.rows:
            continue
        finding = warn_column(
            "range",
            column.name,
            f"{column.name}: {beyond.marked.rows:,} values are outside the range {_spell_range(column)}: "
            f"{beyond.lowest:,.6g} to {beyond.highest:,.6g}. Check their unit and source; if they are correct, widen "
            "the range in the contract.",
            "share of values",
        )
        finding = replace(finding, rows=beyond.marked.ids)
        yield judge_share(finding, beyond.marked.rows / present, policy.maximum_out_of_contract_share)


def _check_categories(contract: Contract, counts: QualityCounts, policy: QualityPolicy) -> Iterator[Finding]:
    for column in contract.columns:
        words, present = counts.columns[column.name].words, counts.columns[column.name].present
        if not words.others.rows:
            continue
        is_target = column is contract.target
        fields = "`positive`, `negative` or `undecided`" if is_target else "`allowed` or `aliases`"
        finding = warn_column(
            "allowed_values",
            column.name,
            f"{column.name}: {words.others.rows:,} values are not allowed: "
            f"{_list_others(column, words)}. Add them to the contract's {fields}, or "
            "correct the source.",
            "share of values",
        )
        finding = replace(finding, rows=words.others.ids)
        yield judge_share(finding, words.others.rows / present, policy.maximum_out_of_contract_share)


def _check_special(contract: Contract, counts: QualityCounts, policy: QualityPolicy) -> Iterator[Finding]:
    """How often special values occur: for information, since their meaning is known."""
    for column in contract.columns:
        found = counts.columns[column.name].special
        for (value, meaning), count in zip(column.special.items(), found, strict=True):
            if count:
                yield Finding(
                    Question.QUALITY,
                    "special_values",
                    Verdict.PASS,
                    f"{column.name}: {count:,} values are {value:.15g}, meaning {meaning}.",
                    subject=column.name,
                    effect=counts.share(count),
                    unit="share of applications",
                    columns=(column.name,),
                )


def _check_constant(contract: Contract, counts: QualityCounts, policy: QualityPolicy) -> Iterator[Finding]:
    for column in contract.features:
        found = counts.columns[column.name]
        if found.first is not None and found.present == counts.rows and not found.is_varied:
            yield warn_column(
                "constant",
                column.name,
                f"{column.name}: every application has the value {shorten(found.first[1])!r}. Check whether "
                "it is still being recorded.",
                "share of applications",
                1.0,
            )


def _check_free_text(contract: Contract, counts: QualityCounts, policy: QualityPolicy) -> Iterator[Finding]:
    for column in contract.columns:
        if column.type != "category":
            continue
        distinct, present = len(counts.columns[column.name].words.distinct), counts.columns[column.name].present
        if distinct >= _FEWEST_DISTINCT and distinct > _MOST_DISTINCT_SHARE * present:
            yield warn_column(
                "free_text",
                column.name,
                f"{column.name}: {distinct:,} different categories in {present:,} applications, too many for a "
                "model to use. Remove the column from the contract, or group its categories in the query.",
                "share of values",
                distinct / present,
            )


def _check_same(contract: Contract, counts: QualityCounts, policy: QualityPolicy) -> Iterator[Finding]:
    """Columns that are equal in every row; constant ones have their own check."""
    for column, place in zip(contract.features, counts.twins, strict=True):
        twin = contract.features[place].name
        if not counts.columns[column.name].is_varied:
            continue
        if twin != column.name:
            sentence = f"{twin} and {column.name} are identical in every application. Check which one is correct."
            yield Finding(Question.QUALITY, "same_columns", Verdict.WARN, sentence, columns=(twin, column.name))


def _list_others(column: Column, words: Words) -> str:
    """The most frequent words that are not allowed; of very many, not all are known by name."""
    allowed = int(np.isin(hash_words(pd.Index(column.categories or ())), words.distinct).sum())
    unnamed = len(words.distinct) - allowed - len(words.counts)
    if unnamed <= 0:
        return list_words(words.counts)
    named = dict(sorted(words.counts.items(), key=lambda pair: (-pair[1], pair[0]))[:_NAMED])
    return f"{list_words(named, _NAMED)} and {len(words.counts) + unnamed - _NAMED} more"


def _spell_range(column: Column) -> str:
    low, high = (None if limit is None else f"{limit:,.6g}" for limit in (column.min, column.max))
    return f"{low} to {high}" if low and high else f"{low} or more" if low else f"{high} or less"
