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
from tasks.extract.extract import Extract
from tasks.quality.shares import judge_share, name_rows, pass_check, warn_column
from tasks.quality.values import check_dotted, check_missing, check_unreadable

# A category column in which most rows differ is free text, or an identifier of each row.
_MOST_DISTINCT_SHARE = 0.5
_FEWEST_DISTINCT = 100

Check = Callable[[Contract, Extract, QualityPolicy], Iterator[Finding]]


def measure_columns(contract: Contract, extract: Extract, policy: QualityPolicy) -> list[Finding]:
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
        findings += list(check(contract, extract, policy)) or [pass_check(name, nothing_found)]
    return findings


def _check_ranges(contract: Contract, extract: Extract, policy: QualityPolicy) -> Iterator[Finding]:
    """Special values may lie outside the range."""
    for column in contract.columns:
        if column.type != "number" or (column.min is None and column.max is None):
            continue
        numbers = extract.applications[column.name]
        low, high = (-np.inf if column.min is None else column.min), (np.inf if column.max is None else column.max)
        is_beyond = (~numbers.between(low, high) & numbers.notna() & ~numbers.isin(list(column.special))).to_numpy()
        if not is_beyond.any():
            continue
        beyond = numbers.to_numpy()[is_beyond]
        finding = warn_column(
            "range",
            column.name,
            f"{column.name}: {is_beyond.sum():,} values are outside the range {_spell_range(column)}: "
            f"{beyond.min():,.6g} to {beyond.max():,.6g}. Check their unit and source; if they are correct, widen the "
            "range in the contract.",
            "share of values",
        )
        finding = _with_rows(finding, name_rows(contract, extract.applications, is_beyond))
        yield judge_share(finding, float(is_beyond.sum() / numbers.notna().sum()), policy.maximum_out_of_contract_share)


def _check_categories(contract: Contract, extract: Extract, policy: QualityPolicy) -> Iterator[Finding]:
    for column in contract.columns:
        if column.categories is None:
            continue
        values = extract.applications[column.name].astype(object)
        is_other = (values.notna() & ~values.isin(column.categories)).to_numpy()
        if not is_other.any():
            continue
        is_target = column is contract.target
        fields = "`positive`, `negative` or `undecided`" if is_target else "`allowed` or `aliases`"
        finding = warn_column(
            "allowed_values",
            column.name,
            f"{column.name}: {is_other.sum():,} values are not allowed: "
            f"{list_words(values[is_other].value_counts())}. Add them to the contract's {fields}, or "
            "correct the source.",
            "share of values",
        )
        finding = _with_rows(finding, name_rows(contract, extract.applications, is_other))
        yield judge_share(finding, float(is_other.sum() / values.notna().sum()), policy.maximum_out_of_contract_share)


def _check_special(contract: Contract, extract: Extract, policy: QualityPolicy) -> Iterator[Finding]:
    """How often special values occur: for information, since their meaning is known."""
    for column in contract.columns:
        numbers = extract.applications[column.name]
        for value, meaning in column.special.items():
            count = int((numbers == value).sum())
            if count:
                yield Finding(
                    Question.QUALITY,
                    "special_values",
                    Verdict.PASS,
                    f"{column.name}: {count:,} values are {value:.15g}, meaning {meaning}.",
                    subject=column.name,
                    effect=count / len(numbers),
                    unit="share of applications",
                    columns=(column.name,),
                )


def _check_constant(contract: Contract, extract: Extract, policy: QualityPolicy) -> Iterator[Finding]:
    for column in contract.features:
        values = extract.applications[column.name]
        if values.notna().all() and values.nunique() == 1:  # noqa: PD101 - hashes categories too
            yield warn_column(
                "constant",
                column.name,
                f"{column.name}: every application has the value {shorten(values.iloc[0])!r}. Check whether "
                "it is still being recorded.",
                "share of applications",
                1.0,
            )


def _check_free_text(contract: Contract, extract: Extract, policy: QualityPolicy) -> Iterator[Finding]:
    for column in contract.columns:
        if column.type != "category":
            continue
        values = extract.applications[column.name]
        distinct, present = values.nunique(), int(values.notna().sum())
        if distinct >= _FEWEST_DISTINCT and distinct > _MOST_DISTINCT_SHARE * present:
            yield warn_column(
                "free_text",
                column.name,
                f"{column.name}: {distinct:,} different categories in {present:,} applications, too many for a "
                "model to use. Remove the column from the contract, or group its categories in the query.",
                "share of values",
                distinct / present,
            )


def _check_same(contract: Contract, extract: Extract, policy: QualityPolicy) -> Iterator[Finding]:
    """Columns that are equal in every row; constant ones have their own check."""
    seen: dict[int, str] = {}
    for column in contract.features:
        values = extract.applications[column.name]
        if values.nunique() < 2:
            continue
        key = hash((column.type, pd.util.hash_pandas_object(values, index=False).to_numpy().tobytes()))
        twin = seen.setdefault(key, column.name)
        if twin != column.name:
            sentence = f"{twin} and {column.name} are identical in every application. Check which one is correct."
            yield Finding(Question.QUALITY, "same_columns", Verdict.WARN, sentence, columns=(twin, column.name))


def _with_rows(finding: Finding, rows: tuple[str, ...]) -> Finding:
    return replace(finding, rows=rows)


def _spell_range(column: Column) -> str:
    low, high = (None if limit is None else f"{limit:,.6g}" for limit in (column.min, column.max))
    return f"{low} to {high}" if low and high else f"{low} or more" if low else f"{high} or less"
