"""Quality of columns: does each hold what the contract says?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from tasks.contract.columns import Column
from tasks.contract.contract import Contract
from tasks.core.findings import Finding, Question, Verdict
from tasks.core.policy import QualityPolicy
from tasks.extract.extract import Extract
from tasks.quality.shares import judge_share, list_some, name_rows, pass_check, quote_value

# A word column in which most rows differ is free text or a number of its own for each row.
_MOST_WORDS = 0.5
_FEWEST_WORDS = 100

Check = Callable[[Contract, Extract, QualityPolicy], Iterator[Finding]]


def measure_columns(contract: Contract, extract: Extract, policy: QualityPolicy) -> list[Finding]:
    """What is wrong with a column, one finding each; a check that finds nothing says so once."""
    checks: dict[str, tuple[Check, str]] = {
        "unreadable": (_check_unreadable, "Every value is of its column's type."),
        "range": (_check_ranges, "Every number lies in its column's range."),
        "allowed_values": (_check_words, "Every word is one that its column allows."),
        "special_values": (_check_special, "No special value occurs."),
        "missing": (_check_missing, "Every feature holds values."),
        "constant": (_check_constant, "No feature has one value only."),
        "free_text": (_check_free_text, "No category column holds free text."),
        "same_columns": (_check_same, "No two features are the same."),
    }
    findings: list[Finding] = []
    for name, (check, nothing_found) in checks.items():
        findings += list(check(contract, extract, policy)) or [pass_check(name, nothing_found)]
    return findings


def _check_unreadable(contract: Contract, extract: Extract, policy: QualityPolicy) -> Iterator[Finding]:
    for name, unreadable in extract.unreadable.items():
        kind = contract.column(name).type
        read = int(extract.applications[name].notna().sum())
        finding = _warn(
            "unreadable",
            name,
            f"{name}: {unreadable.count:,} values are no {kind}; they count as missing. Mend them in the source, or "
            "change the column's type in the contract.",
            "share of values",
        )
        finding = _with_rows(finding, tuple(map(quote_value, unreadable.examples)))
        yield judge_share(finding, unreadable.count / (unreadable.count + read), policy.maximum_unreadable_share)


def _check_ranges(contract: Contract, extract: Extract, policy: QualityPolicy) -> Iterator[Finding]:
    """Special values are outside a range on purpose."""
    for column in contract.columns:
        if column.type != "number" or (column.min is None and column.max is None):
            continue
        numbers = extract.applications[column.name]
        low, high = (-np.inf if column.min is None else column.min), (np.inf if column.max is None else column.max)
        is_beyond = (~numbers.between(low, high) & numbers.notna() & ~numbers.isin(list(column.special))).to_numpy()
        if not is_beyond.any():
            continue
        beyond = numbers.to_numpy()[is_beyond]
        finding = _warn(
            "range",
            column.name,
            f"{column.name}: {is_beyond.sum():,} values lie outside {_spell_range(column)}, from {beyond.min():,.6g} "
            f"to {beyond.max():,.6g}. Look at their unit and origin; where they are right, widen the range.",
            "share of values",
        )
        finding = _with_rows(finding, name_rows(contract, extract.applications, is_beyond))
        yield judge_share(finding, float(is_beyond.sum() / numbers.notna().sum()), policy.maximum_out_of_contract_share)


def _check_words(contract: Contract, extract: Extract, policy: QualityPolicy) -> Iterator[Finding]:
    for column in contract.columns:
        if column.categories is None:
            continue
        words = extract.applications[column.name].astype(object)
        is_other = (words.notna() & ~words.isin(column.categories)).to_numpy()
        if not is_other.any():
            continue
        named = [repr(quote_value(word)) for word in words[is_other].value_counts().index]
        finding = _warn(
            "allowed_values",
            column.name,
            f"{column.name}: {is_other.sum():,} values are not allowed: {list_some(named)}. Add them to the contract's "
            "`allowed` or `aliases`, or mend the source.",
            "share of values",
        )
        finding = _with_rows(finding, name_rows(contract, extract.applications, is_other))
        yield judge_share(finding, float(is_other.sum() / words.notna().sum()), policy.maximum_out_of_contract_share)


def _check_special(contract: Contract, extract: Extract, policy: QualityPolicy) -> Iterator[Finding]:
    """What a special value means is known, so that it is no fault; how often it occurs is told."""
    for column in contract.columns:
        numbers = extract.applications[column.name]
        for value, meaning in column.special.items():
            count = int((numbers == value).sum())
            if count:
                yield Finding(
                    Question.QUALITY,
                    "special_values",
                    Verdict.PASS,
                    f"{column.name}: {count:,} values are {value:.15g}, which means: {meaning}.",
                    subject=column.name,
                    effect=count / len(numbers),
                    unit="share of applications",
                    columns=(column.name,),
                )


def _check_missing(contract: Contract, extract: Extract, policy: QualityPolicy) -> Iterator[Finding]:
    """A feature that never holds a value warns; if none ever does, there is nothing to judge by."""
    names = [column.name for column in contract.features]
    shares = extract.applications[names].isna().mean()
    empty = [name for name in names if shares[name] == 1]
    if len(empty) == len(names):
        yield Finding(
            Question.QUALITY,
            "missing",
            Verdict.FAIL,
            f"No feature holds a single value. Look at the tables that {contract.query} reads.",
            columns=tuple(names),
        )
        return
    for name in empty:
        yield _warn(
            "missing",
            name,
            f"{name}: no application has a value. Look at where {contract.query} reads the column from.",
            "share of applications",
            1.0,
        )
    partly = [name for name in shares.sort_values(ascending=False, kind="stable").index if 0 < shares[name] < 1]
    if partly:
        told = list_some([f"{name} {shares[name]:.1%}" for name in partly])
        yield Finding(
            Question.QUALITY,
            "missing",
            Verdict.PASS,
            f"{len(partly)} features are missing in a part of the applications: {told}.",
            effect=float(shares[partly[0]]),
            unit="share of applications",
            columns=tuple(partly),
        )


def _check_constant(contract: Contract, extract: Extract, policy: QualityPolicy) -> Iterator[Finding]:
    for column in contract.features:
        values = extract.applications[column.name]
        if values.notna().all() and values.nunique() == 1:  # noqa: PD101 - hashes categories too
            yield _warn(
                "constant",
                column.name,
                f"{column.name}: every application has the value {quote_value(values.iloc[0])!r}. Find out whether it "
                "is still filled in.",
                "share of applications",
                1.0,
            )


def _check_free_text(contract: Contract, extract: Extract, policy: QualityPolicy) -> Iterator[Finding]:
    for column in contract.columns:
        if column.type != "category":
            continue
        words = extract.applications[column.name]
        distinct, present = words.nunique(), int(words.notna().sum())
        if distinct >= _FEWEST_WORDS and distinct > _MOST_WORDS * present:
            yield _warn(
                "free_text",
                column.name,
                f"{column.name}: {distinct:,} different words in {present:,} applications. A model learns nothing from "
                "them: leave the column out, or group its words in the query.",
                "share of values",
                distinct / present,
            )


def _check_same(contract: Contract, extract: Extract, policy: QualityPolicy) -> Iterator[Finding]:
    """Columns that are equal in every row; those of one value are told as constant already."""
    seen: dict[int, str] = {}
    for column in contract.features:
        values = extract.applications[column.name]
        if values.nunique() < 2:
            continue
        key = hash((column.type, pd.util.hash_pandas_object(values, index=False).to_numpy().tobytes()))
        twin = seen.setdefault(key, column.name)
        if twin != column.name:
            sentence = f"{twin} and {column.name} are the same in every application. Find out which one is right."
            yield Finding(Question.QUALITY, "same_columns", Verdict.WARN, sentence, columns=(twin, column.name))


def _warn(check: str, name: str, sentence: str, unit: str, effect: float | None = None) -> Finding:
    return Finding(
        Question.QUALITY, check, Verdict.WARN, sentence, subject=name, effect=effect, unit=unit, columns=(name,)
    )


def _with_rows(finding: Finding, rows: tuple[str, ...]) -> Finding:
    return replace(finding, rows=rows)


def _spell_range(column: Column) -> str:
    low, high = (None if limit is None else f"{limit:,.6g}" for limit in (column.min, column.max))
    return f"{low} to {high}" if low and high else f"{low} and more" if low else f"{high} and less"
