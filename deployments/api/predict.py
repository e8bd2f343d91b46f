"""Predictions: what each application of a request is answered."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from deployments.api.limits import list_warnings
from deployments.api.mistakes import list_remarks
from deployments.api.rows import Rows
from deployments.api.serving import Served
from tasks.contract.contract import Contract
from tasks.core.arrays import Floats
from tasks.models.scoring import decide_loans

NO_NUMBER = "gets no probability from the model, so that there is nothing to decide by"
REASONS = 3

# A `Prediction` or an `Unscored` of deployments.api.records, as plain JSON values.
Answer = dict[str, Any]


def answer_all(contract: Contract, served: Served, rows: Rows) -> list[Answer]:
    """A prediction for each application in its order, or why there is none for it."""
    scored = iter(_answer_read(contract, served, rows) if rows.places else ())
    if not rows.unread:
        return list(scored)
    names = [column.name for column in contract.columns]
    return [
        {"id": unread.id, "errors": [remark.model_dump() for remark in list_remarks(unread.errors, names)]}
        if (unread := rows.unread.get(place)) is not None
        else next(scored)
        for place in range(rows.count)
    ]


def _answer_read(contract: Contract, served: Served, rows: Rows) -> list[Answer]:
    """The probability and the strongest reasons; an imported model may give no number, and so nothing to decide by."""
    threshold, version = served.threshold, served.champion.model.version
    scores = served.score(rows.columns)
    decisions = decide_loans(contract, scores[0], threshold).tolist()
    reasons = rank_reasons(served.names, scores)
    warnings = list_warnings(contract, rows.columns)
    return [
        {
            "id": name,
            "probability": probability,
            "decision": decisions[place],
            "threshold": threshold,
            "model_version": version,
            "reasons": reasons[place],
            "warnings": warnings.get(place, []),
        }
        if not math.isnan(probability)
        else {"id": name, "errors": [{"column": None, "what": NO_NUMBER}]}
        for place, (name, probability) in enumerate(zip(rows.ids, scores[0].tolist(), strict=True))
    ]


def rank_reasons(names: tuple[str, ...], scores: Floats) -> list[list[dict[str, Any]]]:
    """The three columns of each application that change its probability most, and their changes.

    `scores` are those of the applications, and then those with each column replaced.
    """
    changes = np.ascontiguousarray((scores[1:] - scores[0]).T)
    strongest = np.argsort(-np.abs(changes), axis=1, kind="stable")[:, :REASONS]
    found = np.take_along_axis(changes, strongest, axis=1)
    return [
        [{"column": names[column], "change": change} for column, change in zip(columns, values, strict=True)]
        for columns, values in zip(strongest.tolist(), found.tolist(), strict=True)
    ]
