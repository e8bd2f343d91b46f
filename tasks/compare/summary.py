"""Summary: a comparison as one JSON record (schema loanwatch.comparison/1)."""

from __future__ import annotations

from typing import Any

import numpy as np

from tasks.compare.ask import Compared
from tasks.compare.sides import Side
from tasks.core.causes import group_causes
from tasks.core.findings import Question, summarise
from tasks.core.policy import Kind
from tasks.core.versions import read_versions
from tasks.extract.labels import read_labels

SCHEMA = "loanwatch.comparison/1"


def summarise_comparison(compared: Compared) -> dict[str, Any]:
    """All that a comparison found, as plain values: the same tables and limits give the same record."""
    sides, findings, contract = compared.sides, compared.findings, compared.sides.contract
    target = contract.target if sides.has_target else None
    return {
        "schema": SCHEMA,
        "contract": {
            "name": contract.name,
            "description": contract.description,
            "target": target.name if target else "",
            "positive": contract.positive if target else "",
        },
        "outcome": str(compared.outcome),
        "reason": compared.reason,
        "notes": sides.list_notes(),
        "window": _describe_side(compared, sides.window),
        "reference": _describe_side(compared, sides.reference),
        "verdicts": {str(question): str(summarise(findings, question)) for question in Question},
        "findings": [finding.as_record() for finding in findings],
        "causes": [cause.as_record() for cause in group_causes(findings)],
        "model": _describe_model(compared),
        "policy": compared.policy.model_dump(mode="json"),
        "versions": read_versions(),
    }


def _describe_side(compared: Compared, side: Side) -> dict[str, Any]:
    sides = compared.sides
    return {
        "name": side.name,
        "start": side.days.start.isoformat() if sides.has_days else None,
        "end": side.days.end.isoformat() if sides.has_days else None,
        "applications": len(side.applications),
        "labelled": int(np.isfinite(read_labels(sides.contract, side.applications)).sum()) if sides.has_target else 0,
    }


def _describe_model(compared: Compared) -> dict[str, Any] | None:
    if compared.model is None or compared.model.pipeline is None:
        return None
    return {"kind": str(Kind.GRADIENT_BOOSTING), "training": compared.model.training}
