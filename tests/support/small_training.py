"""A small contract of numbers, and prepared rows in which the first of them decides."""

import numpy as np
import pandas as pd

from tasks.contract.contract import Contract
from tasks.models.preprocess import Prepared


def describe(*features) -> Contract:
    """A contract with these numbers as its features."""
    base = [
        {"name": "id", "role": "id", "type": "text"},
        {"name": "at", "role": "time", "type": "time"},
        {"name": "y", "role": "target", "type": "category", "allowed": ["no", "yes"], "positive": "yes"},
    ]
    columns = base + [{"name": name, "role": "feature", "type": "number"} for name in features]
    return Contract.model_validate({"name": "small", "query": "loan_applications.sql", "column": columns})


CONTRACT = describe("a", "b")


def make(rows=600, days=20, customers=None, seed=0, signal=2.0) -> Prepared:
    """Prepared rows; the stronger the signal, the more column a decides."""
    rng = np.random.default_rng(seed)
    features = pd.DataFrame({"a": rng.normal(size=rows), "b": rng.normal(size=rows)})
    labels = (rng.random(rows) < 1 / (1 + np.exp(-signal * features["a"]))).astype(float)
    when = np.datetime64("2024-01-01") + np.sort(rng.integers(0, days, rows)).astype("timedelta64[D]")
    who = np.arange(rows) if customers is None else rng.integers(0, customers, rows)
    return Prepared(features, labels, when, pd.util.hash_array(who.astype(str).astype(object)))
