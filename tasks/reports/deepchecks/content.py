"""What the deepchecks pages are drawn from: bounded samples of rows, with their labels, scores and findings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tasks.contract.contract import Contract
from tasks.core.findings import Finding, Verdict
from tasks.extract.labels import read_labels
from tasks.reports.deepchecks.datasets import Bounds, sample_rows

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


def choose_columns(contract: Contract, findings: Sequence[Finding], most: int) -> list[str]:
    """The features that the pages show, in the contract's order: those with a finding first, then the contract's first.

    deepchecks' time grows with the columns, with some checks by their square.
    """
    names = [column.name for column in contract.features]
    told = {finding.subject for finding in findings if finding.verdict is not Verdict.PASS}
    chosen = set(sorted(names, key=lambda name: name not in told)[:most])
    return [name for name in names if name in chosen]


def code_rows(
    decode: Callable[[Any], pd.DataFrame], rows: Any, labels: NDArray[Any], scores: NDArray[Any]
) -> CodedRows:
    """The rows that the pages show: at most `BOUNDS.rows` of them, sampled before they are decoded.

    `decode` turns them (an array, or a frame) into the frame of representative values.
    """
    places = sample_rows(len(rows), BOUNDS)
    taken = rows.iloc[places] if isinstance(rows, pd.DataFrame) else rows[places]
    return CodedRows(decode(taken), labels[places], scores[places], len(rows))


def sample_applications(contract: Contract, applications: pd.DataFrame, columns: list[str] | None = None) -> CodedRows:
    """The extracted applications of a window, as they are: at most `BOUNDS.rows` of them, without scores.

    With `columns`, only these.
    """
    sampled = applications.iloc[sample_rows(len(applications), BOUNDS)]
    kept = sampled if columns is None else sampled[columns]
    return CodedRows(kept, read_labels(contract, sampled), np.full(len(sampled), np.nan), len(applications))


@dataclass(frozen=True)
class Content:
    """Everything that the pages of one run show. `windows` are the reference and the window, where they were compared.

    `applications` are the window's, as extracted; `windows` have the reference's bins. `threshold` is the probability
    from which the champion's decision is positive.
    """

    contract: Contract
    findings: tuple[Finding, ...]
    applications: CodedRows | None = None
    windows: tuple[CodedRows, CodedRows] | None = None
    threshold: float = 0.5
