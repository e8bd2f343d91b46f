"""Stages: their names, in the order of the diagram."""

from __future__ import annotations

from typing import Any

STAGES = (
    "extract", "quality", "preprocess", "score", "drift", "model_drift", "recent_days", "known_changes",
    "train", "compare", "promote", "report", "alert", "journal",
)  # fmt: skip
# What follows the verdict, not every time, and its place among the others.
PLACES = {"pages": len(STAGES), "self_check": len(STAGES) + 1}
SECOND = 1.5


def order_stages(timings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every stage of the diagram in its order, with what else ran (the first champion, the self-check) in its place."""
    ran = {timing["stage"]: timing for timing in timings}
    names = list(dict.fromkeys([*(name for name in ran if name not in STAGES), *STAGES]))
    blank = {"status": "not_run", "seconds": None, "message": ""}
    stages = [{"stage": name, **(ran.get(name) or blank)} for name in names]
    places = {name: place for place, name in enumerate(STAGES)} | PLACES
    return sorted(stages, key=lambda entry: places.get(entry["stage"], SECOND))
