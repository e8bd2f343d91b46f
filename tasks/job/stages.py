"""Stages: their names, in the order of the diagram."""

from __future__ import annotations

from typing import Any

STAGES = (
    "extract", "quality", "preprocess", "score", "drift", "model_drift",
    "train", "compare", "promote", "report", "alert", "journal",
)  # fmt: skip


def order_stages(timings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every stage of the diagram in its order, with what else ran (the first champion) where it ran."""
    ran = {timing["stage"]: timing for timing in timings}
    names = list(dict.fromkeys([*(name for name in ran if name not in STAGES), *STAGES]))
    blank = {"status": "not_run", "seconds": None, "message": ""}
    stages = [{"stage": name, **(ran.get(name) or blank)} for name in names]
    return sorted(stages, key=lambda entry: STAGES.index(entry["stage"]) if entry["stage"] in STAGES else 1.5)
