"""Model files: those of a bundle that hold the model itself.

`model.joblib` alone is a pipeline of ours; `scores.json` says which column of the table holds the scores of the
lender's own model. Beside `imported.json` a `model.skops`, `model.onnx` or `model.joblib` is the lender's own file,
byte by byte. Only a `model.joblib` is unpickled.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

import joblib

from tasks.foreign.imported import ImportedModel
from tasks.foreign.model import ScoreColumn, Scorer
from tasks.foreign.passport import PASSPORT, Passport

MODEL_FILES = ("model.joblib", "scores.json", "model.skops", "model.onnx")
NEEDS_PASSPORT = ("model.skops", "model.onnx")
# What a format is read with. Another release of it may read a saved model incorrectly.
LIBRARIES = ("scikit-learn", "numpy", "pandas", "joblib")
READERS = {"skops": (*LIBRARIES, "skops"), "onnx": ("onnxruntime",), "joblib": LIBRARIES}


def list_libraries(scorer: Scorer) -> tuple[str, ...]:
    """The libraries that a saved model depends on."""
    return READERS[scorer.form] if isinstance(scorer, ImportedModel) else LIBRARIES


def save_model_files(scorer: Scorer, folder: Path) -> tuple[str, ...]:
    """Write the model into the folder; returns the files' names."""
    if isinstance(scorer, ScoreColumn):
        (folder / "scores.json").write_text(json.dumps(scorer.as_record(), indent=2), encoding="utf-8")
        return ("scores.json",)
    if isinstance(scorer, ImportedModel):
        (folder / PASSPORT).write_text(json.dumps(scorer.passport.as_record(), indent=2), encoding="utf-8")
        (folder / f"model.{scorer.form}").write_bytes(scorer.content)
        return f"model.{scorer.form}", PASSPORT
    joblib.dump(scorer, folder / "model.joblib", compress=3)
    return ("model.joblib",)


def find_model_files(named: Collection[str]) -> tuple[str, ...] | None:
    """Of the files that a manifest names beside the others those of the model; None where they are not one model's."""
    models = [name for name in named if name in MODEL_FILES]
    has_passport = PASSPORT in named
    if len(models) != 1 or len(named) != 1 + has_passport:
        return None
    if (models[0] in NEEDS_PASSPORT and not has_passport) or (models[0] == "scores.json" and has_passport):
        return None
    return (models[0], PASSPORT) if has_passport else (models[0],)


def load_model_files(folder: Path, names: tuple[str, ...]) -> Scorer:
    """Read a model whose checksums were verified. Raises MissingExtraError where its format's package is missing."""
    file = folder / names[0]
    if file.name == "scores.json":
        return ScoreColumn.from_record(json.loads(file.read_text(encoding="utf-8")))
    if PASSPORT in names:
        passport = Passport.from_record(json.loads((folder / PASSPORT).read_text(encoding="utf-8")))
        return ImportedModel(file.suffix.removeprefix("."), file.read_bytes(), passport)
    scorer: Scorer = joblib.load(file)
    return scorer
