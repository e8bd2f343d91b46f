"""What deepchecks 0.19.1 expects of older libraries, put in place before its import.

It patches NumPy and scikit-learn of the whole process, so it belongs into the process that draws the deepchecks pages
(and into benchmarks that ask deepchecks), never into a run. deepchecks is pinned, because each piece answers one line
of this version.
"""

from __future__ import annotations

import sys
from functools import cache, wraps
from types import ModuleType
from typing import Any

import numpy as np

REMOVED_NAMES = {"Inf": np.inf, "NINF": -np.inf, "NaN": np.nan}


@cache
def patch_libraries() -> None:
    """Make deepchecks importable and its checks run, on NumPy 2, scikit-learn 1.8 and setuptools 82 or newer."""
    for name, value in REMOVED_NAMES.items():
        setattr(np, name, value)
    np.quantile, np.percentile = _accept_interpolation(np.quantile), _accept_interpolation(np.percentile)
    sys.modules.setdefault("pkg_resources", _imitate_pkg_resources())
    _restore_max_error()
    _let_models_be_classifiers()


def _accept_interpolation(function: Any) -> Any:
    """NumPy renamed the option `interpolation` to `method`."""

    @wraps(function)
    def call(*given: Any, **options: Any) -> Any:
        if "interpolation" in options:
            options["method"] = options.pop("interpolation")
        return function(*given, **options)

    return call


def _imitate_pkg_resources() -> ModuleType:
    """The two names that deepchecks imports; setuptools 82 dropped the module."""
    from packaging.version import parse

    module = ModuleType("pkg_resources")
    module.parse_version, module.working_set = parse, []  # type: ignore[attr-defined]
    return module


def _restore_max_error() -> None:
    """scikit-learn 1.8 renamed the scorer `max_error`, which deepchecks asks for at import and then never uses."""
    from sklearn import metrics

    find = metrics.get_scorer

    @wraps(find)
    def get_scorer(scoring: Any) -> Any:
        return find("neg_max_error" if scoring == "max_error" else scoring)

    metrics.get_scorer = get_scorer


def _let_models_be_classifiers() -> None:
    """scikit-learn 1.8 asks a model for its tags; the class that deepchecks wraps predictions with has none."""
    from deepchecks.tabular.metric_utils.scorers import DeepcheckScorer
    from sklearn.base import BaseEstimator, ClassifierMixin

    wrap = DeepcheckScorer._wrap_classification_model

    @wraps(wrap)
    def wrap_as_classifier(self: Any, model: Any, data: Any) -> Any:
        wrapped = wrap(self, model, data)
        wrapped.__class__ = type("Classifier", (ClassifierMixin, type(wrapped), BaseEstimator), {})
        return wrapped

    DeepcheckScorer._wrap_classification_model = wrap_as_classifier
