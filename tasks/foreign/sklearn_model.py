"""A model with scikit-learn's interface: `predict_proba`, `classes_`, `feature_names_in_`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tasks.core.arrays import Floats
from tasks.foreign.errors import UnfitModelError
from tasks.foreign.opened import OpenedModel


class SklearnModel(OpenedModel):
    """A fitted classifier. Raises UnfitModelError where it is none."""

    def __init__(self, estimator: Any) -> None:
        _refuse(estimator)
        self._estimator = estimator
        names = getattr(estimator, "feature_names_in_", None)
        self.columns = None if names is None else tuple(map(str, names))
        self.width = getattr(estimator, "n_features_in_", None)
        classes = getattr(estimator, "classes_", None)
        if classes is not None and len(classes) != 2:
            raise UnfitModelError(f"The model has {len(classes)} classes; a champion has two.")
        self.classes = None if classes is None else (classes[0], classes[1])

    def predict(self, frame: pd.DataFrame, place: int) -> Floats:
        """The probability of one class, as `predict_proba` gives it."""
        given = frame if self.columns is not None else frame.to_numpy()
        return np.asarray(self._estimator.predict_proba(given)[:, place], dtype=np.float64)


def _refuse(estimator: Any) -> None:
    from sklearn.base import BaseEstimator, is_regressor
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    kind = type(estimator).__name__
    if not hasattr(estimator, "predict") and not hasattr(estimator, "predict_proba"):
        raise UnfitModelError(f"The file holds no model but a {kind}. Save the fitted pipeline itself.")
    if isinstance(estimator, BaseEstimator):
        if is_regressor(estimator):
            raise UnfitModelError(f"The model is a regressor ({kind}); a champion is a classifier with probabilities.")
        try:
            check_is_fitted(estimator)
        except NotFittedError:
            raise UnfitModelError(f"The model ({kind}) is not fitted. Fit it before it is saved.") from None
    if not hasattr(estimator, "predict_proba"):
        raise UnfitModelError(
            f"The model ({kind}) gives decisions and no probabilities. Fit it with probabilities, or inside "
            "scikit-learn's CalibratedClassifierCV."
        )
