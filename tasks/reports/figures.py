"""Figures: what the history draws of each window: applications, approval rate, missing values, mean score."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tasks.contract.columns import Column
from tasks.contract.contract import Contract
from tasks.core.arrays import Floats, pick_rows
from tasks.extract.cleaning import clean_numbers
from tasks.extract.labels import read_labels
from tasks.quality.counts import share_missing
from tasks.reports.summary import Run


def measure_figures(run: Run) -> dict[str, Any]:
    """The figures of a run's window as plain JSON values. For information: no verdict rests on them.

    Returns
    -------
    dict
        `applications` and `labelled` (rows with a decision) are counts; `positive_rate` (of those with a decision),
        `missing` (of all values of the features) and `mean_score` are between 0 and 1, None where there is nothing to
        divide by; `positive` is the positive label.
    """
    contract, labels = run.job.contract, read_labels(run.job.contract, run.extract.every_row)
    scores = np.empty(0) if run.comparison is None else run.comparison.observed.scores
    return {
        "applications": len(run.extract),
        "labelled": int(np.isfinite(labels).sum()),
        "positive_rate": _average(labels),
        "missing": measure_missing(contract, run.extract.applications)
        if run.counts is None
        else share_missing(contract, run.counts),
        "mean_score": _average(scores),
        "positive": str(contract.target.positive),
    }


def measure_missing(contract: Contract, applications: pd.DataFrame) -> float | None:
    """The share of missing values over all features, 0 to 1; special values such as 99999999 count as missing."""
    if not len(applications):
        return None
    return float(np.mean([_count_missing(column, applications[column.name]) for column in contract.features]))


def _count_missing(column: Column, values: pd.Series) -> float:
    known = clean_numbers(values, list(column.special)) if column.type == "number" else values
    return float(known.isna().mean())


def _average(values: Floats) -> float | None:
    known = pick_rows(values, np.isfinite(values))
    return float(known.mean()) if len(known) else None
