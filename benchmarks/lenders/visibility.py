"""Visibility: whether a change could be seen at this size, by what the monitor said of a window without it.

Every check of the null window says the smallest change that it would have found in 80 of 100 windows. A change counts
as visible where it exceeds that by half of its distance from the limit, which is what 95 of 100 need.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from scipy.special import logit

from benchmarks.lenders.planting import Planted, Trace
from tasks.core.arrays import Floats, Integers
from tasks.core.findings import Finding

_MARGIN = 0.5
_GROUPS = 6


def find_visible(traces: Sequence[Trace], findings: Iterable[Finding]) -> tuple[bool | None, Trace | None, float]:
    """Whether any trace is visible, the clearest one, and the smallest change that its check would have found.

    None where there is no trace, or no finding of its check.
    """
    told = [(trace, finding) for trace in traces for finding in findings if _is_about(finding, trace)]
    if not told:
        return None, None, float("nan")
    trace, finding = max(told, key=lambda pair: pair[0].effect / (pair[1].smallest_detectable or np.inf))
    if finding.smallest_detectable is None:
        return False, trace, float("nan")
    smallest = finding.smallest_detectable
    needed = smallest + _MARGIN * max(smallest - (finding.limit or 0.0), 0.0)
    return bool(trace.effect >= needed), trace, smallest


def _is_about(finding: Finding, trace: Trace) -> bool:
    named = (finding.subject, *finding.columns)
    return finding.check == trace.check and (not trace.column or trace.column in named)


def trace_rule(planted: Planted, scores: Floats) -> tuple[Trace, ...]:
    """What a changed rule did to the probabilities: at an equal score, and beside it by the values of its columns."""
    change = planted.rows.chances - planted.rows.usual
    odds = logit(np.clip(scores, 1e-6, 1 - 1e-6))
    design = np.column_stack([np.ones_like(odds), odds, odds**2])
    at_score = design @ np.linalg.lstsq(design, change, rcond=None)[0]
    traces = [Trace("score_curve", "", float(np.mean(np.abs(at_score))))]
    for name in planted.columns:
        group = _group(planted.rows.frame[name])
        beside = np.bincount(group, weights=change - at_score) / np.maximum(np.bincount(group), 1)
        traces.append(Trace("by_column", name, float(np.sqrt(np.mean(beside[group] ** 2)))))
    return tuple(traces)


def _group(values: pd.Series) -> Integers:
    """Few groups of a column's values: the most frequent words and the rest, or quantiles; missing is one."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        frequent = list(values.value_counts().index[: _GROUPS - 1])
        places = values.astype(object).map({word: place for place, word in enumerate(frequent, start=1)})
    else:
        places = pd.qcut(values, _GROUPS, labels=False, duplicates="drop") + 1
    return places.fillna(0).to_numpy(np.int64)
