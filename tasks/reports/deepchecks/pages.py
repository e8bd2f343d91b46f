"""The three pages of a run: data quality, data drift and model drift. They only display."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tasks.contract.contract import Contract
from tasks.core.files import write_text
from tasks.core.findings import Finding, Question
from tasks.models.scoring import DECISION_THRESHOLD
from tasks.reports.deepchecks.checks import (
    DRIFT,
    PERFORMANCE,
    PREDICTIONS,
    QUALITY,
    Outcome,
    Shown,
    load_deepchecks,
    run_checks,
    skip_checks,
)
from tasks.reports.deepchecks.datasets import (
    Bounds,
    make_dataset,
    name_classes,
    name_labels,
    prepare_features,
    sample_rows,
)
from tasks.reports.deepchecks.html import Page, render_page
from tasks.reports.deepchecks.verdicts import run_verdicts

BOUNDS = Bounds()


@dataclass(frozen=True)
class CodedRows:
    """Rows of one window: representative values of their codes, labels (0, 1, NaN: unknown), the champion's scores.

    `total` is how many rows the window has, of which these are all or a random sample.
    """

    frame: pd.DataFrame
    labels: NDArray[Any]
    scores: NDArray[Any]
    total: int

    def take(self, rows: NDArray[Any]) -> CodedRows:
        """The rows at these positions."""
        return replace(self, frame=self.frame.iloc[rows], labels=self.labels[rows], scores=self.scores[rows])


def code_rows(
    decode: Callable[[Any], pd.DataFrame], rows: Any, labels: NDArray[Any], scores: NDArray[Any]
) -> CodedRows:
    """The rows that the pages show: at most `BOUNDS.rows` of them, sampled before they are decoded.

    `decode` turns them (an array, or a frame) into the frame of representative values.
    """
    places = sample_rows(len(rows), BOUNDS)
    taken = rows.iloc[places] if isinstance(rows, pd.DataFrame) else rows[places]
    return CodedRows(decode(taken), labels[places], scores[places], len(rows))


def write_quality_page(path: Path, contract: Contract, applications: pd.DataFrame, findings: Sequence[Finding]) -> None:
    """Write data_quality.html of a window's applications (the extracted frame). Raises WriteError."""
    sampled = applications.iloc[sample_rows(len(applications), BOUNDS)]
    lead = f"{contract.name}. The window: {_count(len(sampled), len(applications))}."
    values = sampled[contract.target.name].astype(object)
    is_known = values.isin(contract.target.allowed or ()).to_numpy()
    labels = np.where(is_known, (values == contract.target.positive).to_numpy(), np.nan)
    questions = (Question.QUALITY,)
    with load_deepchecks():
        outcomes = _ask(
            contract, QUALITY, [CodedRows(sampled, labels, np.full(len(sampled), np.nan), len(applications))]
        )
        page = Page("Data quality", lead, questions, run_verdicts(findings, questions), outcomes)
        write_text(path, render_page(page))


def write_drift_page(
    path: Path, contract: Contract, reference: CodedRows, current: CodedRows, findings: Sequence[Finding]
) -> None:
    """Write data_drift.html of the reference and the window, both with the same bins. Raises WriteError."""
    windows = [reference, current]
    lead = f"{contract.name}. {_compare(windows)}"
    questions = (Question.DATA, Question.LABEL, Question.CONCEPT)
    with load_deepchecks():
        outcomes = _ask(contract, DRIFT, windows)
        page = Page("Data drift", lead, questions, run_verdicts(findings, questions), outcomes)
        write_text(path, render_page(page))


def write_model_page(
    path: Path, contract: Contract, reference: CodedRows, current: CodedRows, findings: Sequence[Finding]
) -> None:
    """Write model_drift.html of the champion's scores of the reference and of the window. Raises WriteError."""
    windows = [reference, current]
    scored = [rows.take(np.flatnonzero(~np.isnan(rows.scores))) for rows in windows]
    labelled = [rows.take(np.flatnonzero(~np.isnan(rows.labels))) for rows in scored]
    known = " and ".join(f"{len(rows.frame):,}" for rows in labelled)
    lead = (
        f"{contract.name}. {_compare(windows)} The label is known in {known} of them. "
        f"A score of {DECISION_THRESHOLD} or more counts as “{contract.target.positive}”."
    )
    questions = (Question.MODEL,)
    with load_deepchecks():
        outcomes = _ask(contract, PERFORMANCE, labelled, has_model=True)
        # The distribution of scores needs no labels, so undecided rows are included.
        unlabelled = [replace(rows, labels=np.full(len(rows.labels), np.nan)) for rows in scored]
        outcomes += _ask(contract, PREDICTIONS, unlabelled, has_model=True)
        page = Page("Model drift", lead, questions, run_verdicts(findings, questions), outcomes)
        write_text(path, render_page(page))


def _count(shown: int, total: int) -> str:
    return f"{total:,} applications" if shown == total else f"a random sample of {shown:,} of {total:,} applications"


def _compare(windows: Sequence[CodedRows]) -> str:
    reference, window = (_count(len(rows.frame), rows.total) for rows in windows)
    return (
        f"The reference: {reference}. The window: {window}. Both are binned with the reference's bins: "
        "each number is represented by its interval."
    )


def _ask(
    contract: Contract, shown: Sequence[Shown], windows: Sequence[CodedRows], *, has_model: bool = False
) -> list[Outcome]:
    """Run checks on one window, or on the reference and the window; with the champion's scores or without."""
    if not all(len(rows.frame) for rows in windows):
        return skip_checks(shown, "The reference or the window has no applications, scores or labels.")
    frames = prepare_features(contract, [rows.frame for rows in windows], BOUNDS)
    if frames[0].columns.empty:
        return skip_checks(shown, "No column has values in both the reference and the window.")
    given: dict[str, Any] = {}
    names = ("reference", "window")[-len(windows) :]
    for rows, frame, kind, name in zip(windows, frames, ("train", "test"), names, strict=False):
        given[f"{kind}_dataset"] = make_dataset(contract, frame, name_labels(contract, rows.labels), name)
        given |= _predict(contract, rows.scores, kind) if has_model else {}
    return run_checks(shown, **given)


def _predict(contract: Contract, scores: NDArray[Any], kind: str) -> dict[str, Any]:
    """A window's predictions, with the columns of the probabilities in the order of the sorted class names."""
    positive, negative = name_classes(contract)
    classes = sorted([positive, negative])
    chances = {positive: scores, negative: 1 - scores}
    return {
        f"y_pred_{kind}": np.where(scores >= DECISION_THRESHOLD, positive, negative),
        f"y_proba_{kind}": np.column_stack([chances[name] for name in classes]),
        "model_classes": classes,
    }
