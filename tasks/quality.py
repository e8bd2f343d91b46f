"""Quality: may this window be used at all? The contract is checked, and what makes a model look better than it is.

Unfit are too few rows, one decision only, and a break of the contract or repeats beyond the policy's shares; anything
less is a warning that names the column and some of the applications.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from tasks.contract import Column, Contract
from tasks.extract import Extract
from tasks.findings import Finding, Question, Verdict
from tasks.job import Job
from tasks.journal import stage
from tasks.leaks import Floats, Leak, Mask, measure_leaks
from tasks.policy import QualityPolicy
from tasks.preprocess import read_labels

EXAMPLES = 5
_COUNTED = {Verdict.FAIL: "failed", Verdict.WARN: "warned"}


def _describe(findings: list[Finding]) -> str:
    counts = {verdict: sum(finding.verdict is verdict for finding in findings) for verdict in _COUNTED}
    told = [f"{count} {_COUNTED[verdict]}" for verdict, count in counts.items() if count]
    return f"{len(findings)} checks" + (f", {', '.join(told)}" if told else "")


@stage("quality", _describe)
def check_quality(job: Job, extract: Extract) -> list[Finding]:
    """The findings on the window's own quality."""
    return measure_quality(job.contract, extract, job.policy.quality)


def is_fit(findings: Iterable[Finding]) -> bool:
    """No quality finding failed: the window may be used."""
    return not any(finding.question is Question.QUALITY and finding.verdict is Verdict.FAIL for finding in findings)


def measure_quality(contract: Contract, extract: Extract, policy: QualityPolicy) -> list[Finding]:
    """Every quality finding of a window; with too few rows only that one, as shares of few rows say nothing."""
    rows = _count_rows(extract.applications, policy)
    if rows.verdict is Verdict.FAIL:
        return [rows]
    labels = read_labels(contract, extract.applications)
    return [
        rows,
        *_check_records(contract, extract, policy),
        *(finding for column in contract.columns for finding in _check_column(contract, column, extract, policy)),
        *_check_decisions(contract, extract.applications, labels, policy),
        *(
            _report_leak(contract, leak, extract.applications, policy)
            for leak in _find_leaks(contract, extract, policy)
        ),
    ]


def _find_leaks(contract: Contract, extract: Extract, policy: QualityPolicy) -> list[Leak]:
    return measure_leaks(contract, extract.applications, read_labels(contract, extract.applications), policy)


def _count_rows(applications: pd.DataFrame, policy: QualityPolicy) -> Finding:
    count, least = len(applications), policy.minimum_rows
    few = "The window holds no applications" if not count else f"The window holds {count:,} applications only"
    sentence = f"{few}; at least {least:,} are needed: check its dates and whether the tables were loaded, or wait."
    if count >= least:
        sentence = f"{count:,} applications, enough to judge."
    verdict = Verdict.PASS if count >= least else Verdict.FAIL
    return Finding(Question.QUALITY, "rows", verdict, sentence, effect=float(count), unit="rows", limit=float(least))


def _check_records(contract: Contract, extract: Extract, policy: QualityPolicy) -> Iterator[Finding]:
    """Repeats, older versions, customers with conflicting records, times that cannot be read."""
    ids = extract.applications[contract.id.name]
    twice = ids.duplicated()
    total = len(ids) + extract.repeats
    repeats = extract.repeats + int(twice.sum())
    sentence = f"{repeats:,} of {total:,} rows repeat another one of the same application; one of each is used."
    yield _grade("duplicates", "", (repeats, total), policy.maximum_duplicate_share, sentence, _name(ids, twice))
    if extract.older_versions:
        sentence = f"{extract.older_versions:,} older versions of applications were left out; the latest counts."
        yield Finding(Question.QUALITY, "older_versions", Verdict.PASS, sentence, unit="rows")
    ambiguous = len(extract.ambiguous)
    sentence = (
        f"{ambiguous:,} of {len(ids):,} applications have a customer with conflicting records, so that nothing of "
        "that customer is used: find out which record is right."
    )
    named = tuple(map(str, extract.ambiguous[:EXAMPLES]))
    yield _grade("ambiguous", "", (ambiguous, len(ids)), policy.maximum_ambiguous_share, sentence, named)
    if extract.undated:
        sentence = f"{extract.undated:,} rows of the table have no time that can be read, and are in no window."
        column = (contract.time.name,)
        yield Finding(
            Question.QUALITY,
            "undated",
            Verdict.WARN,
            sentence,
            column[0],
            float(extract.undated),
            "rows",
            columns=column,
        )


def _check_column(contract: Contract, column: Column, extract: Extract, policy: QualityPolicy) -> Iterator[Finding]:
    """What cannot be read, what lies outside the contract, and whether there is anything at all in the column."""
    values, ids = extract.applications[column.name], extract.applications[contract.id.name]
    present = int(values.notna().sum())
    if column.name in extract.unreadable:
        found = extract.unreadable[column.name]
        total = present + found.count
        sentence = (
            f"{column.name}: {found.count:,} of {total:,} values are no {column.type} and count as missing: "
            "mend them at their source."
        )
        limit = policy.maximum_unreadable_share
        yield _grade("unreadable", column.name, (found.count, total), limit, sentence, found.examples)
    outside = _find_outside(column, values)
    if outside.any():
        sentence = (
            f"{column.name}: {int(outside.sum()):,} of {present:,} values are {_describe_outside(column)}: "
            "mend the data, or the contract."
        )
        limit = policy.maximum_out_of_contract_share
        yield _grade("contract", column.name, (int(outside.sum()), present), limit, sentence, _name(ids, outside))
    if column in contract.features and values.nunique() < 2:
        what = "no value at all" if not present else "the same value in every application that has one"
        sentence = f"{column.name} has {what}, and tells a model nothing."
        yield Finding(Question.QUALITY, "constant", Verdict.WARN, sentence, column.name, columns=(column.name,))


def _find_outside(column: Column, values: pd.Series) -> Mask:
    """Values beyond the contract's range or not among its words; special values are allowed."""
    if column.type == "number":
        numbers = values.to_numpy(float)
        below = np.zeros(len(numbers), bool) if column.min is None else numbers < column.min
        above = np.zeros(len(numbers), bool) if column.max is None else numbers > column.max
        return np.asarray((below | above | np.isinf(numbers)) & ~np.isin(numbers, list(column.special)))
    if column.type == "category" and column.words:
        return np.asarray(values.notna() & ~values.isin(column.words))
    return np.zeros(len(values), dtype=bool)


def _describe_outside(column: Column) -> str:
    if column.words:
        return f"none of {', '.join(map(repr, column.words))}"
    ends = [f"{name} {end:g}" for name, end in (("below", column.min), ("above", column.max)) if end is not None]
    return " or ".join([*ends, "infinite"]) + (f" {column.unit}" if column.unit else "")


def _check_decisions(
    contract: Contract, applications: pd.DataFrame, labels: Floats, policy: QualityPolicy
) -> Iterator[Finding]:
    """Whether both decisions occur, and whether equal applicants were decided alike."""
    name = contract.target.name
    known = labels[~np.isnan(labels)]
    if not len(known):
        sentence = f"No application has a {name} yet: what rests on decisions cannot be asked."
        yield Finding(Question.QUALITY, "decisions", Verdict.WARN, sentence, name, columns=(name,))
        return
    rate = float(known.mean())
    if rate in (0.0, 1.0):
        sentence = f"Every {name} is the same: nothing can be learnt or judged. Check how it is filled in."
        yield Finding(Question.QUALITY, "decisions", Verdict.FAIL, sentence, name, current=rate, columns=(name,))
        return
    sentence = f"{rate:.1%} of {len(known):,} known decisions are {contract.target.positive!r}."
    yield Finding(Question.QUALITY, "decisions", Verdict.PASS, sentence, name, current=rate, columns=(name,))
    conflicting = _find_conflicts(contract, applications, labels)
    sentence = (
        f"{int(conflicting.sum()):,} of {len(labels):,} applications agree with another in every feature, but not in "
        f"{name}."
    )
    share, rows = float(conflicting.mean()), _name(applications[contract.id.name], conflicting)
    limit = policy.maximum_conflict_share
    verdict = Verdict.WARN if share > limit else Verdict.PASS
    yield Finding(
        Question.QUALITY, "conflicting_labels", verdict, sentence, name, share, "share of rows", limit=limit, rows=rows
    )


def _find_conflicts(contract: Contract, applications: pd.DataFrame, labels: Floats) -> Mask:
    """Labelled rows that share all feature values with a row of the other label."""
    names = [column.name for column in contract.features]
    codes = pd.DataFrame({name: pd.factorize(applications[name])[0] for name in names}, index=applications.index)
    group = pd.util.hash_pandas_object(codes, index=False).to_numpy()
    known = ~np.isnan(labels)
    lowest = pd.Series(labels).groupby(group).transform("min").to_numpy()
    highest = pd.Series(labels).groupby(group).transform("max").to_numpy()
    return np.asarray(known & (lowest != highest))


def _report_leak(contract: Contract, leak: Leak, applications: pd.DataFrame, policy: QualityPolicy) -> Finding:
    decision = contract.target.positive if leak.is_positive else _other(contract)
    sentence = (
        f"{leak.sign.column} {_spell(leak)} in {leak.rows:,} applications ({leak.share:.1%}), and {leak.agreement:.1%} "
        f"of them are {decision!r}, against {leak.others:.1%} of the rows they were compared with: does the column "
        "give the decision away?"
    )
    return Finding(
        Question.QUALITY,
        "leak",
        Verdict.FAIL if policy.stop_on_leak else Verdict.WARN,
        sentence,
        leak.sign.column,
        effect=leak.share,
        unit="share of rows",
        limit=policy.leak_share,
        p_value=leak.p_value,
        level=policy.leak_level,
        columns=leak.columns,
        rows=_name(applications[contract.id.name], leak.sign.find(applications)),
    )


def _spell(leak: Leak) -> str:
    words = {"missing": "is missing", "value": "is", "at_least": "is at least", "at_most": "is at most"}
    value = leak.sign.value
    shown = f"{value:,g}" if isinstance(value, float) else f"{value!r}"
    return words[leak.sign.kind] if leak.sign.kind == "missing" else f"{words[leak.sign.kind]} {shown}"


def _other(contract: Contract) -> str:
    return next(word for word in contract.target.allowed or () if word != contract.target.positive)


def _grade(
    check: str, subject: str, count: tuple[int, int], limit: float, sentence: str, rows: tuple[str, ...]
) -> Finding:
    """Pass where nothing was found, warn up to the limit, fail beyond it."""
    found, total = count
    share = found / total if total else 0.0
    verdict = Verdict.FAIL if share > limit else Verdict.WARN if found else Verdict.PASS
    columns = (subject,) if subject else ()
    return Finding(
        Question.QUALITY,
        check,
        verdict,
        sentence,
        subject,
        share,
        "share of rows",
        limit=limit,
        columns=columns,
        rows=rows,
    )


def _name(ids: pd.Series, mask: Mask | pd.Series) -> tuple[str, ...]:
    return tuple(str(one) for one in ids[np.asarray(mask)].iloc[:EXAMPLES])
