"""Preprocess: from the contract's columns to what a model is fitted on.

One scikit-learn pipeline does it, fitted with the model and saved with it, so that an application is prepared the
same way when it is scored as when the model was trained.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler

from tasks.contract import Column, Contract, Derived, Role
from tasks.extract import Extract
from tasks.job import Job
from tasks.journal import stage

Floats = NDArray[np.float64]
KEPT_ROLES = (Role.FEATURE, Role.PROTECTED)


@dataclass(frozen=True)
class Prepared:
    """Applications with what training, judging and scoring need beside them; every array has one entry per row.

    `labels` is 1 for the positive label, 0 for the other, NaN while the decision is not known. `days` is the day of
    the application. `keys` is a hash of the customer (of the application, where no customer is known): rows of one
    customer share a key, which keeps them in one cross-validation fold.
    """

    applications: pd.DataFrame
    labels: Floats
    days: NDArray[np.datetime64]
    keys: NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.applications)

    @property
    def is_labelled(self) -> NDArray[np.bool_]:
        """Which rows have a known decision."""
        return ~np.isnan(self.labels)

    def take(self, rows: NDArray[np.bool_]) -> Prepared:
        """The rows where the mask is true."""
        return Prepared(self.applications.loc[rows], self.labels[rows], self.days[rows], self.keys[rows])


def prepare(contract: Contract, applications: pd.DataFrame) -> Prepared:
    """Split extracted applications into features, labels, days and customer keys.

    Protected columns stay beside the features, for the reports by segment; the model's pipeline leaves them out.
    """
    labels = read_labels(contract, applications)
    identity = applications[contract.id.name]
    if contract.customer is not None:
        identity = applications[contract.customer.name].where(applications[contract.customer.name].notna(), identity)
    return Prepared(
        applications[[*(column.name for column in contract.columns if column.role in KEPT_ROLES)]].reset_index(
            drop=True
        ),
        labels,
        applications[contract.time.name].to_numpy("datetime64[D]"),
        # Almost every customer is another one: looking for equal ones first would cost more than it saves.
        pd.util.hash_array(identity.astype(str).to_numpy(object), categorize=False),
    )


def read_labels(contract: Contract, applications: pd.DataFrame) -> Floats:
    """1 for the positive decision, 0 for the other, NaN where it is not known or is neither."""
    target = contract.target
    allowed = list(target.allowed or ())
    # By the codes of the words: a million texts take a hundred times as long to compare.
    codes = pd.Categorical(applications[target.name], categories=pd.Index(allowed)).codes
    return np.where(codes < 0, np.nan, (codes == allowed.index(str(target.positive))).astype(float))


def concatenate(parts: list[Prepared]) -> Prepared:
    """Several windows' rows as one."""
    return Prepared(
        union_rows([part.applications for part in parts]),
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.days for part in parts]),
        np.concatenate([part.keys for part in parts]),
    )


def union_rows(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Frames below one another; a category column stays one, over the words of all of them."""
    whole = pd.concat(frames, ignore_index=True)
    for name in whole.columns:
        if all(isinstance(frame[name].dtype, pd.CategoricalDtype) for frame in frames):
            whole[name] = pd.api.types.union_categoricals([frame[name] for frame in frames])
    return whole


class DeriveFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Special values and infinities become missing, ordered words their rank; derived features are added.

    Parameters
    ----------
    columns, derived : the contract's feature columns and derived features.
    """

    def __init__(self, columns: tuple[Column, ...], derived: tuple[Derived, ...]) -> None:
        self.columns = columns
        self.derived = derived

    def fit(self, applications: pd.DataFrame, labels: Any = None) -> DeriveFeatures:
        """Nothing is learnt here."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def transform(self, applications: pd.DataFrame) -> pd.DataFrame:
        """A frame of the feature columns and the derived features, in the contract's order."""
        features = {column.name: clean_column(column, applications[column.name]) for column in self.columns}
        for derived in self.derived:
            features[derived.name] = _derive(derived, features)
        return pd.DataFrame(features, index=applications.index)


class EncodeFrequency(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """A word becomes the share of the training rows that have it; a word never seen becomes 0."""

    def fit(self, words: pd.DataFrame, labels: Any = None) -> EncodeFrequency:
        """Count the words of every column."""
        self.shares_ = {name: words[name].value_counts(normalize=True).to_dict() for name in words.columns}
        self.feature_names_in_ = np.asarray(words.columns, dtype=object)
        return self

    def transform(self, words: pd.DataFrame) -> pd.DataFrame:
        """Shares of 0 to 1; missing words have the share 0."""
        shares = {name: words[name].astype(object).map(self.shares_[name]).fillna(0.0) for name in words.columns}
        return pd.DataFrame(shares, index=words.index).astype(float)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """The columns' own names."""
        return self.feature_names_in_


def clean_column(column: Column, values: pd.Series) -> pd.Series:
    """A column as a model reads it: words as objects, numbers without special values and infinities."""
    if column.type != "number":
        return values.astype(object).where(values.notna(), np.nan)
    numbers = values.astype(float)
    return numbers.mask(numbers.isin(list(column.special)) | np.isinf(numbers))


def _derive(derived: Derived, features: dict[str, pd.Series]) -> pd.Series:
    if derived.record:
        return pd.concat([features[name].notna() for name in derived.record], axis=1).any(axis=1).astype(float)
    denominator = features[str(derived.denominator)]
    with np.errstate(over="ignore"):
        ratio = derived.factor * features[str(derived.numerator)] / denominator.mask(denominator == 0)
    return ratio.mask(np.isinf(ratio))


def build_preprocessor(contract: Contract, scaling: str) -> Pipeline:
    """The unfitted pipeline from extracted applications to a matrix of floats with no missing value in it."""
    scaler = {"standardise": StandardScaler(), "min_max": MinMaxScaler(), "none": "passthrough"}[scaling]
    impute = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    features = contract.features
    numbers = [column.name for column in features if column.type == "number"]
    numbers += [derived.name for derived in contract.derived]
    ordered = [column for column in features if column.ordered]
    frequent = [column.name for column in features if column.encoding == "frequency"]
    one_hot = [column.name for column in features if column.type == "category" and not column.ordered]
    one_hot = [name for name in one_hot if name not in frequent]
    rank = OrdinalEncoder(
        categories=[list(column.ordered or ()) for column in ordered],
        handle_unknown="use_encoded_value",
        unknown_value=np.nan,
    )
    encode = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=50, sparse_output=False)
    branches = [
        ("numbers", make_pipeline(impute, scaler), numbers),
        ("ordered", make_pipeline(rank, impute, scaler), [column.name for column in ordered]),
        ("frequency", EncodeFrequency(), frequent),
        ("one_hot", encode, one_hot),
    ]
    columns = ColumnTransformer([branch for branch in branches if branch[2]], verbose_feature_names_out=False)
    return Pipeline([("derive", DeriveFeatures(features, contract.derived)), ("encode", columns)])


@stage("preprocess", lambda prepared: f"{prepared.is_labelled.sum():,} of {len(prepared):,} with a decision")
def preprocess(job: Job, extract: Extract) -> Prepared:
    """The window as training and judging need it."""
    return prepare(job.contract, extract.applications)
