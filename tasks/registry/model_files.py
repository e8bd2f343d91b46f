"""Model files: the one file of a bundle that holds the model itself.

`model.joblib` is a pipeline of ours; `scores.json` says which column of the table holds the scores of the lender's own
model. Only the former is unpickled.
"""

from __future__ import annotations

import json
from pathlib import Path

import joblib

from tasks.foreign.model import ScoreColumn, Scorer

MODEL_FILES = ("model.joblib", "scores.json")


def save_model_file(scorer: Scorer, folder: Path) -> str:
    """Write the model into the folder; returns the file's name."""
    if isinstance(scorer, ScoreColumn):
        (folder / "scores.json").write_text(json.dumps(scorer.as_record(), indent=2), encoding="utf-8")
        return "scores.json"
    joblib.dump(scorer, folder / "model.joblib", compress=3)
    return "model.joblib"


def load_model_file(file: Path) -> Scorer:
    """Read a model whose checksum was verified."""
    if file.name == "scores.json":
        return ScoreColumn.from_record(json.loads(file.read_text(encoding="utf-8")))
    scorer: Scorer = joblib.load(file)
    return scorer
