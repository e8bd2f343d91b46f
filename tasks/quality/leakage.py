"""Leaks as findings: which columns reveal the decision, and the champion's AUC without them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tasks.contract.columns import Column
from tasks.contract.contract import Contract
from tasks.core.arrays import Floats, Mask
from tasks.core.findings import Finding, Question, Verdict
from tasks.core.policy import QualityPolicy
from tasks.core.scored_window import ScoredWindow
from tasks.core.wording import list_some, shorten
from tasks.quality.leak_search import measure_leaks, suspect_rows
from tasks.quality.leak_signs import Leak
from tasks.quality.shares import name_rows, pass_check
from tasks.statistics.auc import measure_auc
from tasks.statistics.counted_auc import Auc, measure_counted_auc

_BINS = 20
_HALVES = 2


def measure_leakage(
    contract: Contract,
    applications: pd.DataFrame,
    labels: Floats,
    policy: QualityPolicy,
    leaks: Sequence[Leak] | None = None,
) -> list[Finding]:
    """A finding for each leak, and for each column that alone ranks the decisions suspiciously well.

    `leaks` are those of the applications, where they are known already.
    """
    if leaks is None:
        leaks = measure_leaks(contract, applications, labels, policy)
    findings = [_describe_leak(contract, applications, leak, policy) for leak in leaks]
    findings += _find_suspicious_columns(contract, applications, labels, policy)
    return findings or [pass_check("leak", "No column reveals the decision.")]


def measure_auc_without_leaks(observed: ScoredWindow, leaks: Sequence[Leak]) -> list[Finding]:
    """The champion's AUC with and without the suspected rows: of all leaks, then of each leak.

    Empty where no leak is suspected, or where the remaining rows have one decision only.
    """
    if not leaks:
        return []
    observed = observed.in_full
    groups = [("all suspected rows", leaks), *((describe_sign(leak), [leak]) for leak in leaks if len(leaks) > 1)]
    findings = []
    for name, group in groups:
        whole, rest = measure_both(observed.labels, observed.scores, suspect_rows(group, observed.applications))
        if whole is None or rest is None:
            continue
        findings.append(
            Finding(
                Question.QUALITY,
                "auc_without_leaks" if group is leaks else "auc_without_leak",
                Verdict.WARN if group is leaks else Verdict.PASS,
                f"The champion's AUC is {whole.value:.3f} with and {rest.value:.3f} without {name}"
                + (". Use the second figure until the leaks are explained." if group is leaks else "."),
                subject="" if group is leaks else group[0].sign.column,
                effect=whole.value - rest.value,
                unit="AUC",
                reference=whole.value,
                current=rest.value,
                columns=tuple(dict.fromkeys(column for leak in group for column in leak.columns)),
            )
        )
    return findings


def measure_both(labels: Floats, scores: Floats, suspected: Mask) -> tuple[Auc | None, Auc | None]:
    """The AUC of all labelled rows and of those that are not suspected; None where only one decision remains."""
    is_used = ~np.isnan(labels) & ~np.isnan(scores)
    return _measure(labels, scores, is_used), _measure(labels, scores, is_used & ~suspected)


def describe_sign(leak: Leak) -> str:
    """The rows of a leak, as part of a sentence: `applications with credit_score 5,900 or more`."""
    sign = leak.sign
    if sign.kind == "missing":
        return f"applications without {list_some(leak.columns)}"
    value = f"{sign.value:,.15g}" if isinstance(sign.value, float) else repr(shorten(sign.value))
    if sign.kind == "multiple":
        value = f"a multiple of {value}"
    extent = {"at_least": " or more", "at_most": " or less"}.get(sign.kind, "")
    others = [name for name in leak.columns if name != sign.column]
    return f"applications with {sign.column} {value}{extent}" + (
        f" (the same rows: {list_some(others)})" * bool(others)
    )


def _measure(labels: Floats, scores: Floats, rows: Mask) -> Auc | None:
    return measure_auc(labels[rows], scores[rows]) if len(np.unique(labels[rows])) == 2 else None


def _describe_leak(contract: Contract, applications: pd.DataFrame, leak: Leak, policy: QualityPolicy) -> Finding:
    label = contract.positive if leak.is_positive else contract.negative
    compared = "of the neighbouring values" if leak.sign.kind.startswith("at_") else "of the others"
    described = describe_sign(leak)
    return Finding(
        Question.QUALITY,
        "leak",
        Verdict.FAIL if policy.stop_on_leak else Verdict.WARN,
        f"{described[0].upper()}{described[1:]}: {leak.rows:,} ({leak.share:.1%}), and {leak.agreement:.1%} of them "
        f"are {label!r}, compared with {leak.others:.1%} {compared}. Check whether the value is recorded after the "
        "decision; if so, remove the column from the contract.",
        subject=leak.sign.column,
        effect=leak.share,
        unit="share of applications",
        limit=policy.leak_share,
        p_value=leak.p_value,
        level=policy.leak_level,
        columns=leak.columns,
        rows=name_rows(contract, applications, leak.sign.find(applications)),
    )


def _find_suspicious_columns(
    contract: Contract, applications: pd.DataFrame, labels: Floats, policy: QualityPolicy
) -> list[Finding]:
    is_labelled = ~np.isnan(labels)
    known = labels[is_labelled]
    if len(known) < policy.minimum_rows or min(known.sum(), (1 - known).sum()) < _HALVES:
        return []
    found = []
    for column in contract.features:
        auc = measure_column_auc(column, applications.loc[is_labelled, column.name], known)
        if auc.value - auc.variance**0.5 < policy.suspicious_auc:
            continue
        found.append(
            Finding(
                Question.QUALITY,
                "suspicious_auc",
                Verdict.FAIL if policy.stop_on_leak else Verdict.WARN,
                f"{column.name} alone predicts the decisions with an AUC of {auc.value:.3f}. Check whether it is "
                "known before the decision; if not, remove it from the contract.",
                subject=column.name,
                effect=auc.value,
                unit="AUC",
                standard_error=auc.variance**0.5,
                limit=policy.suspicious_auc,
                columns=(column.name,),
            )
        )
    return found


def measure_column_auc(column: Column, values: pd.Series, labels: Floats) -> Auc:
    """The AUC of a column alone: a row's score is the positive share of the rows with a similar (or no) value.

    A row's share is measured on the other half of the rows, so that a column of many categories does not profit from
    the row itself. The halves are alternate rows.
    """
    if column.type == "category":
        codes = values.cat.codes.to_numpy().astype(np.int64)
    else:
        edges = np.unique(values.quantile(np.linspace(0, 1, _BINS + 1)).dropna())
        codes = np.where(values.isna(), -1, np.searchsorted(edges, values.to_numpy(float), side="right"))
    levels = int(codes.max()) + 2
    half = np.arange(len(labels)) % _HALVES
    cells = half * levels + codes + 1
    rows, positive = (
        np.bincount(cells, weights=weights, minlength=_HALVES * levels).reshape(_HALVES, levels)
        for weights in (None, labels)
    )
    means = positive.sum(axis=1, keepdims=True) / rows.sum(axis=1, keepdims=True)
    scores = ((positive + means) / (rows + 1))[::-1].ravel()
    # Shares that are equal but for the last bit are a tie.
    _, place = np.unique(scores.round(12), return_inverse=True)
    given, refused = (np.bincount(place, weights=each.ravel()) for each in (positive, rows - positive))
    return measure_counted_auc(given.astype(float), refused.astype(float))
