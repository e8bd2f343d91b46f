"""The reference of an invented lender, as a self-check splits it: a plain one, and one whose rows come in batches."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tasks.core.reference_rows import ReferenceRows
from tests.support.windows_to_compare import make_window

DAYS = 182


def make_reference(rows: int = 6_000, seed: int = 0) -> ReferenceRows:
    """Half a year in which nothing changes and every row stands alone."""
    frame, scores = make_window(rows, seed)
    days = np.sort(np.random.default_rng([seed, 1]).integers(0, DAYS, rows))
    labels = (frame["status"] == "yes").to_numpy(float)
    keys = pd.util.hash_array(frame["loan"].to_numpy(object), categorize=False)
    return ReferenceRows(frame, labels, scores, np.datetime64("2024-01-01") + days, keys)


def make_batches(rows: int = 6_000, seed: int = 0) -> ReferenceRows:
    """The same, but each week's applicants come from one dealer, and dealers' customers differ in their cars."""
    reference = make_reference(rows, seed)
    random = np.random.default_rng([seed, 2])
    week = (reference.days - reference.days.min()).astype(int) // 7
    usual = np.exp(random.normal(0, 0.6, week.max() + 1))[week]
    cars = random.poisson(usual).astype(float)
    frame = reference.applications.assign(cars=cars)
    return ReferenceRows(frame, reference.labels, reference.scores, reference.days, reference.keys)
