"""The three pages of a run: data quality, data drift and model drift. They only display."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.contract.contract import Contract
from tasks.core.files import write_text
from tasks.core.findings import Finding, Question
from tasks.reports.deepchecks.checks import (
    DRIFT,
    PERFORMANCE,
    PREDICTIONS,
    QUALITY,
    Outcome,
    Shown,
    run_checks,
    skip_checks,
)
from tasks.reports.deepchecks.content import BOUNDS, CodedRows, Content
from tasks.reports.deepchecks.datasets import make_dataset, name_classes, name_labels, prepare_features
from tasks.reports.deepchecks.html import Page, render_page
from tasks.reports.deepchecks.verdicts import run_verdicts

PROCESSES = 2


def write_all(folder: Path, content: Content) -> None:
    """Write the pages that there is content for, each as `NAME.html`, within `load_deepchecks`. Raises WriteError."""
    pages: dict[str, Callable[[], Page]] = {}
    if content.windows is not None:  # the one that takes longest first
        pages["data_drift"] = partial(make_drift_page, content.contract, content.windows, content.findings)
    if content.applications is not None:
        pages["data_quality"] = partial(make_quality_page, content.contract, content.applications, content.findings)
    if content.windows is not None:
        pages["model_drift"] = partial(
            make_model_page, content.contract, content.windows, content.findings, content.threshold
        )
    jobs = [(folder / f"{name}.html", make_page) for name, make_page in pages.items()]
    if sys.platform != "linux" or len(jobs) < 2:  # elsewhere libraries do not bear a fork
        for file, make_page in jobs:
            _write(file, make_page)
        return
    with ProcessPoolExecutor(PROCESSES, get_context("fork")) as processes:  # with the imports of this one
        list(processes.map(_write, *zip(*jobs, strict=True)))


def _write(file: Path, make_page: Callable[[], Page]) -> None:
    write_text(file, render_page(make_page()))


def make_quality_page(contract: Contract, rows: CodedRows, findings: Sequence[Finding]) -> Page:
    """Data quality, of a window's applications as they were extracted."""
    lead = f"{contract.name}. The window: {_count(len(rows.frame), rows.total)}.{_tell_columns(contract, rows)}"
    questions = (Question.QUALITY,)
    return Page(
        "Data quality",
        lead,
        questions,
        run_verdicts(findings, questions, contract.positive_words),
        _ask(contract, QUALITY, [rows]),
    )


def make_drift_page(contract: Contract, windows: Sequence[CodedRows], findings: Sequence[Finding]) -> Page:
    """Data drift, of the reference and the window with the same bins."""
    lead = f"{contract.name}. {_compare(windows)}{_tell_columns(contract, windows[0])}"
    questions = (Question.DATA, Question.LABEL, Question.CONCEPT)
    return Page(
        "Data drift",
        lead,
        questions,
        run_verdicts(findings, questions, contract.positive_words),
        _ask(contract, DRIFT, windows),
    )


def make_model_page(
    contract: Contract, windows: Sequence[CodedRows], findings: Sequence[Finding], threshold: float
) -> Page:
    """Model drift, of the champion's scores of the reference and of the window."""
    scored = [rows.take(np.flatnonzero(~np.isnan(rows.scores))) for rows in windows]
    labelled = [rows.take(np.flatnonzero(~np.isnan(rows.labels))) for rows in scored]
    known = " and ".join(f"{len(rows.frame):,}" for rows in labelled)
    lead = (
        f"{contract.name}. {_compare(windows)} The label is known in {known} of them. "
        f"A score of {threshold:.4g} or more counts as “{contract.target.positive}”."
    )
    questions = (Question.MODEL,)
    outcomes = _ask(contract, PERFORMANCE, labelled, threshold)
    # The distribution of scores needs no labels, so undecided rows are included.
    unlabelled = [replace(rows, labels=np.full(len(rows.labels), np.nan)) for rows in scored]
    outcomes += _ask(contract, PREDICTIONS, unlabelled, threshold)
    return Page("Model drift", lead, questions, run_verdicts(findings, questions, contract.positive_words), outcomes)


def _count(shown: int, total: int) -> str:
    return f"{total:,} applications" if shown == total else f"a random sample of {shown:,} of {total:,} applications"


def _tell_columns(contract: Contract, rows: CodedRows) -> str:
    shown = sum(column.name in rows.frame.columns for column in contract.features)
    if shown == len(contract.features):
        return ""
    return f" Of {len(contract.features):,} columns the page shows {shown:,}: first those with a finding."


def _compare(windows: Sequence[CodedRows]) -> str:
    reference, window = (_count(len(rows.frame), rows.total) for rows in windows)
    return (
        f"The reference: {reference}. The window: {window}. Both are binned with the reference's bins: "
        "each number is represented by its interval."
    )


def _ask(
    contract: Contract, shown: Sequence[Shown], windows: Sequence[CodedRows], threshold: float | None = None
) -> list[Outcome]:
    """Run checks on one window, or on the reference and the window; with the champion's decisions or without."""
    if not all(len(rows.frame) for rows in windows):
        return skip_checks(shown, "The reference or the window has no applications, scores or labels.")
    frames = prepare_features(contract, [rows.frame for rows in windows], BOUNDS)
    if frames[0].columns.empty:
        return skip_checks(shown, "No column has values in both the reference and the window.")
    given: dict[str, Any] = {}
    names = ("reference", "window")[-len(windows) :]
    for rows, frame, kind, name in zip(windows, frames, ("train", "test"), names, strict=False):
        given[f"{kind}_dataset"] = make_dataset(contract, frame, name_labels(contract, rows.labels), name)
        given |= {} if threshold is None else _predict(contract, rows.scores, threshold, kind)
    return run_checks(shown, **given)


def _predict(contract: Contract, scores: NDArray[Any], threshold: float, kind: str) -> dict[str, Any]:
    """A window's predictions, with the columns of the probabilities in the order of the sorted class names."""
    positive, negative = name_classes(contract)
    classes = sorted([positive, negative])
    chances = {positive: scores, negative: 1 - scores}
    return {
        f"y_pred_{kind}": np.where(scores >= threshold, positive, negative),
        f"y_proba_{kind}": np.column_stack([chances[name] for name in classes]),
        "model_classes": classes,
    }
