"""Models of a lender's own: scikit-learn pipelines that know nothing of loanwatch, in files of each format."""

from __future__ import annotations

import hashlib
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from tasks.contract.contract import Contract
from tasks.contract.load import load_contract
from tasks.core.scored_window import ScoredWindow
from tasks.extract.labels import read_labels
from tasks.foreign.formats import open_model
from tasks.foreign.read_import import File, make_imported
from tasks.profile.profile import fit_profile
from tasks.registry.bundle import Bundle
from tasks.registry.known_customers import hash_customers
from tests.support.small_model import METRICS, make_applications

NUMBERS = ("annual_income", "monthly_debt", "credit_score", "current_loan_amount", "years_of_credit_history")
WORDS = {"term": ("short term", "long term"), "home_ownership": ("rent", "home mortgage", "own home")}
CATEGORIES = tuple(WORDS)


def build_pipeline(numbers: tuple[str, ...] = NUMBERS, categories: tuple[str, ...] = CATEGORIES) -> Pipeline:
    """An unfitted scorecard-like model of some columns."""
    impute = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    # With the words given, a missing one is as unknown to scikit-learn as an empty one is to ONNX.
    words = [list(WORDS[name]) for name in categories]
    encode = OneHotEncoder(categories=words, handle_unknown="ignore", sparse_output=False)
    columns = ColumnTransformer([("numbers", impute, list(numbers)), ("words", encode, list(categories))])
    return Pipeline([("columns", columns), ("model", LogisticRegression(max_iter=1000))])


def read_frame(applications: pd.DataFrame, columns: tuple[str, ...] = (*NUMBERS, *CATEGORIES)) -> pd.DataFrame:
    """The columns as a lender would have them in a notebook: numbers and texts."""
    frame = applications[list(columns)]
    words = [name for name in columns if name in CATEGORIES]
    return frame.assign(**{name: frame[name].astype(object).where(frame[name].notna(), np.nan) for name in words})


def fit_pipeline(applications: pd.DataFrame, labels: np.ndarray[Any, Any]) -> Pipeline:
    """The fitted pipeline, on the rows with a label."""
    known = ~np.isnan(labels)
    frame = read_frame(applications)
    return build_pipeline().fit(frame.loc[known], labels[known].astype(int))


def save_all(pipeline: Pipeline, folder: Path) -> dict[str, Path]:
    """The same model as skops, joblib and ONNX."""
    import skops.io

    files = {form: folder / f"scorecard.{form}" for form in ("skops", "joblib", "onnx")}
    skops.io.dump(pipeline, files["skops"])
    joblib.dump(pipeline, files["joblib"])
    files["onnx"].write_bytes(convert(pipeline))
    return files


def convert(pipeline: Pipeline, zipmap: bool = True) -> bytes:
    """The pipeline as an ONNX graph with one input per column, in single precision."""
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    inputs = [
        (name, (StringTensorType if name in CATEGORIES else FloatTensorType)([None, 1]))
        for name in pipeline.feature_names_in_
    ]
    graph = to_onnx(pipeline, initial_types=inputs, options={id(pipeline): {"zipmap": zipmap}})
    content: bytes = graph.SerializeToString()
    return content


@cache
def read_content(form: str) -> bytes:
    """The file of a scorecard that was fitted on made-up applications of the contract of loans, in a format."""
    contract = load_contract("loan_applications")
    rows = make_applications(contract)
    pipeline = fit_pipeline(rows, read_labels(contract, rows))
    with tempfile.TemporaryDirectory() as folder:
        return save_all(pipeline, Path(folder))[form].read_bytes()


def make_imported_bundle(contract: Contract, form: str) -> Bundle:
    """The bundle of a model that was imported in a format, with a profile of made-up applications."""
    content, rows = read_content(form), make_applications(contract, seed=7)
    file = File(f"scorecard.{form}", form, content, hashlib.sha256(content).hexdigest())
    model, _ = make_imported(contract, file, open_model(form, content, ()))
    scored = ScoredWindow(rows, read_labels(contract, rows), model.score(rows))
    profile = fit_profile(contract, scored, origin="holdout", seed=1)
    return Bundle(model, profile, hash_customers(np.zeros(0, np.uint64)), METRICS, "# A model of the lender's own\n")
