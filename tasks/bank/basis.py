"""Basis: on which rows of the window the bank's numbers rest, as a sentence."""

from __future__ import annotations

import numpy as np

from tasks.contract.contract import Contract
from tasks.core.arrays import Mask
from tasks.core.scored_window import ScoredWindow


def describe_basis(contract: Contract, observed: ScoredWindow) -> str:
    """Which rows have a score and an outcome, and what is not known of the others.

    Parameters
    ----------
    contract : Contract
        Whether the table has a column of decisions beside the outcome.
    observed : ScoredWindow
        The window.

    Returns
    -------
    str
        One to three sentences.
    """
    labels, scores = observed.labels, observed.scores
    rows, scored, known = len(labels), ~np.isnan(scores), ~np.isnan(labels)
    usable = int((scored & known).sum())
    sentences = [f"{usable:,} of the window's {rows:,} applications have a score and a known outcome."]
    if usable == rows:
        sentences = [f"All {rows:,} applications of the window have a score and a known outcome."]
    given = find_given(contract, observed)
    if given is None:
        if usable < rows:
            sentences.append("Numbers that need an outcome rest on these; nothing is assumed of the others.")
    else:
        sentences.append(_describe_refused(given, known))
    if not scored.all():
        sentences.append(f"{int((~scored).sum()):,} have no score and count as a bin of the PSI only.")
    return " ".join(sentences)


def find_given(contract: Contract, observed: ScoredWindow) -> Mask | None:
    """Which rows were given a loan by the contract's column of decisions; None without one."""
    column = contract.decision
    if column is None or column.name not in observed.applications:
        return None
    return (observed.applications[column.name].astype(object) == column.positive).to_numpy(bool)


def _describe_refused(given: Mask, known: Mask) -> str:
    refused, seen = int((~given).sum()), int((~given & known).sum())
    if seen:
        return (
            f"{refused:,} were not given a loan, of which {seen:,} have an outcome; nothing is assumed of the others."
        )
    return (
        f"{refused:,} were not given a loan and have no outcome; nothing is assumed of how they would have turned out."
    )
