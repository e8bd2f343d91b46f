"""Transformers: from the contract's columns to the matrix that a model is fitted on.

One scikit-learn pipeline does it, fitted with the model and saved with it, so that an application is prepared the
same way when it is scored as when the model was trained.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler

from tasks.contract.columns import Column, Derived
from tasks.contract.contract import Contract
from tasks.models.preprocess import clean_column


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
