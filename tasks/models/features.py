"""Transformers: from the contract's columns to the matrix on which a model is fitted.

One scikit-learn pipeline does it, fitted with the model and saved with it, so that an application is prepared in the
same way for scoring as for training. A saved pipeline names the modules of its classes: a class here that moves makes
every saved model unreadable (`tests/registry/test_pickled_modules.py` pins the list).
"""

from __future__ import annotations

from collections.abc import Set
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler

from tasks.contract.contract import Contract
from tasks.extract.cleaning import clean_categories, clean_numbers, derive

RECENT = "(since the change)"
# Of a category with more words the rare ones share a column.
MOST_WORDS = 50


class DeriveFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Special values and infinities become missing; derived features are added.

    The parameters are plain values, so that a saved model does not depend on the contract's classes.

    Parameters
    ----------
    columns : the names of the feature columns.
    special : the special values of each number column; every other column is a category.
    derived : the derived features, as dictionaries of their options.
    marks_recent : whether one more feature is 1 for applications since a change of the rule and 0 for earlier ones. A
        frame without that column holds new applications: 1.
    """

    marks_recent = False  # of a model that was saved before there was such a feature

    def __init__(
        self,
        columns: tuple[str, ...],
        special: dict[str, tuple[float, ...]],
        derived: tuple[dict[str, Any], ...],
        marks_recent: bool = False,
    ) -> None:
        self.columns = columns
        self.special = special
        self.derived = derived
        self.marks_recent = marks_recent

    def fit(self, applications: pd.DataFrame, labels: Any = None) -> DeriveFeatures:
        """Do nothing: there is nothing to fit."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def transform(self, applications: pd.DataFrame) -> pd.DataFrame:
        """A frame of the feature columns and the derived features, in the contract's order."""
        features = {name: self._clean(name, applications[name]) for name in self.columns}
        for derived in self.derived:
            features[derived["name"]] = derive(derived, features)
        if self.marks_recent:
            features[RECENT] = applications.get(RECENT, pd.Series(1.0, index=applications.index))
        return pd.DataFrame(features, index=applications.index)

    def _clean(self, name: str, values: pd.Series) -> pd.Series:
        return clean_numbers(values, list(self.special[name])) if name in self.special else clean_categories(values)


class EncodeFrequency(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """A category becomes its share of the training rows, an unseen one 0. scikit-learn has no such encoder."""

    def fit(self, categories: pd.DataFrame, labels: Any = None) -> EncodeFrequency:
        """Count the categories of every column."""
        self.shares_ = {name: categories[name].value_counts(normalize=True).to_dict() for name in categories.columns}
        self.feature_names_in_ = np.asarray(categories.columns, dtype=object)
        return self

    def transform(self, categories: pd.DataFrame) -> pd.DataFrame:
        """Shares from 0 to 1; a missing category has the share 0."""
        shares = {
            name: categories[name].astype(object).map(self.shares_[name]).fillna(0.0) for name in categories.columns
        }
        return pd.DataFrame(shares, index=categories.index).astype(float)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """The columns' own names."""
        return self.feature_names_in_


def build_derivation(contract: Contract, *, marks_recent: bool = False, only: Set[str] | None = None) -> DeriveFeatures:
    """The contract's features and derived features as a transformer; with `only`, these of them."""
    features = [column for column in contract.features if only is None or column.name in only]
    return DeriveFeatures(
        tuple(column.name for column in features),
        {column.name: tuple(column.special) for column in features if column.type == "number"},
        tuple(derived.model_dump() for derived in contract.derived if only is None or derived.name in only),
        marks_recent,
    )


def build_preprocessor(
    contract: Contract, scaling: str, *, marks_recent: bool = False, only: Set[str] | None = None
) -> Pipeline:
    """The unfitted pipeline from extracted applications to a matrix of floats with no missing value in it.

    With `only`, of these features; what a derived one is computed from has to be among them.
    """
    derivation = build_derivation(contract, marks_recent=marks_recent, only=only)
    scaler = {"standardise": StandardScaler(), "min_max": MinMaxScaler(), "none": "passthrough"}[scaling]
    impute = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    features = [column for column in contract.features if column.name in derivation.columns]
    numbers = [column.name for column in features if column.type == "number"]
    numbers += [derived["name"] for derived in derivation.derived] + ([RECENT] if marks_recent else [])
    ordered = [column for column in features if column.ordered]
    frequent = [column.name for column in features if column.encoding == "frequency"]
    one_hot = [column.name for column in features if column.type == "category" and not column.ordered]
    one_hot = [name for name in one_hot if name not in frequent]
    rank = OrdinalEncoder(
        categories=[list(column.ordered or ()) for column in ordered],
        handle_unknown="use_encoded_value",
        unknown_value=np.nan,
    )
    encode = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=MOST_WORDS, sparse_output=False)
    branches = [
        ("numbers", make_pipeline(impute, scaler), numbers),
        ("ordered", make_pipeline(rank, impute, scaler), [column.name for column in ordered]),
        ("frequency", EncodeFrequency(), frequent),
        ("one_hot", encode, one_hot),
    ]
    columns = ColumnTransformer([branch for branch in branches if branch[2]], verbose_feature_names_out=False)
    return Pipeline([("derive", derivation), ("encode", columns)])
