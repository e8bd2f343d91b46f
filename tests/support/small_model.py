"""A small model in the registry, made without the pipeline: quick enough for every test of what happens to models."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from tasks.contract.contract import Contract
from tasks.contract.load import load_contract
from tasks.core.policy import Kind, TrainPolicy
from tasks.core.scored_window import ScoredWindow
from tasks.core.windows import Window
from tasks.models.preprocess import prepare
from tasks.models.train import fit_candidate
from tasks.profile.profile import fit_profile
from tasks.registry.bundle import Bundle, save_bundle
from tasks.registry.known_customers import hash_customers
from tasks.registry.promote import NewVersion, Promotion, hash_evidence, promote, register

WINDOW = Window(date(2024, 1, 1), date(2024, 1, 31))
QUICK = TrainPolicy(boosting_rounds=10, forest_trees=10)
METRICS = {"test": {"rows": 100, "auc": 0.8}, "fitted_rows": 600}


def make_applications(contract: Contract, rows: int = 600, seed: int = 0) -> pd.DataFrame:
    """Applications that fit any contract; the first number decides, mostly."""
    rng = np.random.default_rng(seed)
    made: dict[str, object] = {}
    for column in contract.columns:
        if column.type == "number":
            made[column.name] = rng.lognormal(6.4, 0.2, rows).round()
        elif column.type == "time":
            made[column.name] = np.datetime64("2024-01-01") + rng.integers(0, 31, rows).astype("timedelta64[D]")
        elif column.type == "category":
            made[column.name] = pd.Categorical(rng.choice(list(column.categories or ("one", "other")), rows))
        else:
            made[column.name] = [f"{column.name}-{seed}-{row}" for row in range(rows)]
    first = next(column.name for column in contract.features if column.type == "number")
    numbers = np.asarray(made[first], dtype=float)
    is_positive = numbers + rng.normal(0, numbers.std() / 2, rows) > np.median(numbers)
    made[contract.target.name] = pd.Categorical(np.where(is_positive, contract.positive, contract.negative))
    return pd.DataFrame(made)


def make_bundle(contract: Contract, seed: int = 0, kind: Kind = Kind.GRADIENT_BOOSTING) -> Bundle:
    """A fitted bundle; another seed makes another model."""
    applications = make_applications(contract, seed=seed)
    prepared = prepare(contract, applications)
    candidate = fit_candidate(contract, kind, prepared, QUICK)
    profile = fit_profile(
        contract, ScoredWindow(applications, prepared.labels, candidate.out_of_fold), origin="out_of_fold", seed=1
    )
    return Bundle(candidate.pipeline, profile, hash_customers(prepared.keys), METRICS, "# A small model\n")


@cache
def find_bundle(seed: int = 0, kind: Kind = Kind.GRADIENT_BOOSTING) -> Bundle:
    """A bundle of the contract of loans, fitted once for all tests of the process, when the first one asks for it."""
    return make_bundle(load_contract("loan_applications"), seed, kind)


def install(
    connection: Connection,
    contract: Contract,
    store: Path,
    bundle: Bundle,
    succession: tuple[int | None, date] = (None, date(2024, 2, 1)),
) -> int:
    """Save, register and promote; `succession` is the version before and the first effective day. Returns the version.

    The model's kind in the registry is the one that the bundle's pipeline does not tell: nobody here reads it.
    """
    from_version, effective_from = succession
    name = f"model-{from_version or 0}-{effective_from}"
    location, sha256 = save_bundle(bundle, str(store), name)
    new = NewVersion(contract.name, "test", "gradient_boosting", METRICS, location, sha256, (WINDOW,))
    version = register(connection, new)
    why = "A test put it there."
    promote(
        connection,
        Promotion(contract.name, "test", effective_from, from_version, version, why, hash_evidence({"why": why})),
    )
    return version
