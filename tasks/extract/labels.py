"""Labels: the decision of each application as a number."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tasks.contract.contract import Contract
from tasks.core.arrays import Floats


def read_labels(contract: Contract, applications: pd.DataFrame) -> Floats:
    """1 for the positive decision, 0 for the other, NaN if it is unknown or neither."""
    target = contract.target
    allowed = list(target.allowed or ())
    # By category codes: comparing a million texts takes a hundred times as long.
    codes = applications[target.name].astype("category").cat.set_categories(allowed).cat.codes.to_numpy()
    labels = np.zeros(len(allowed) + 1)
    labels[allowed.index(str(target.positive))], labels[-1] = 1, np.nan  # the code of anything else is -1
    return np.asarray(labels[codes])
