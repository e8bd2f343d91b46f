"""A saved model names the modules of its classes: a module that moves makes every saved model unreadable."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from joblib.numpy_pickle import NumpyUnpickler

from tasks.contract.load import load_contract
from tasks.core.policy import Kind
from tasks.registry.bundle import load_bundle, save_bundle
from tests.support.second_lender import CONTRACT as SECOND_CONTRACT
from tests.support.small_model import make_bundle

DERIVE = ("tasks.models.features", "DeriveFeatures")
FREQUENCY = ("tasks.models.features", "EncodeFrequency")
FOREST = ("tasks.models.estimators", "LogOddsForest")
OURS = {"benchmarks", "blocks", "deployments", "flows", "tasks", "tests"}


@pytest.mark.parametrize(
    ("contract", "kind", "expected"),
    [
        ("loan_applications", Kind.GRADIENT_BOOSTING, {DERIVE, FREQUENCY}),
        ("loan_applications", Kind.RANDOM_FOREST, {DERIVE, FREQUENCY, FOREST}),
        (SECOND_CONTRACT, Kind.GRADIENT_BOOSTING, {DERIVE}),
    ],
)
def test_a_saved_model_names_these_classes_of_ours_and_no_other(
    contract: str, kind: Kind, expected: set[tuple[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If this fails, saved champions no longer load: keep the old name importable, or retrain every champion."""
    named: set[tuple[str, str]] = set()

    def find_class(self: pickle.Unpickler, module: str, name: str) -> object:
        named.add((module, name))
        return pickle._Unpickler.find_class(self, module, name)  # type: ignore[attr-defined]

    location, sha256 = save_bundle(make_bundle(load_contract(contract), kind=kind), str(tmp_path), "one")
    monkeypatch.setattr(NumpyUnpickler, "find_class", find_class)
    load_bundle(location, sha256)
    assert {(module, name) for module, name in named if module.split(".")[0] in OURS} == expected
    assert any(module.startswith("sklearn.") for module, _ in named)
