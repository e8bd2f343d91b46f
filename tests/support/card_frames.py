"""Frames of card requests as the extraction hands them over, and the scores of a plausible model."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.support.second_lender import make_requests

HOSTILE = "<script>document.title='hacked'</script>"


def make_frame(seed: int, rows: int = 1500) -> pd.DataFrame:
    """Requests as the extraction would hand them over."""
    frame = make_requests(3, rows // 3, seed)
    for name in ("answer", "channel", "rating", "age_band"):
        frame[name] = frame[name].astype("category")
    return frame.astype({"yearly_salary": float, "wanted_limit": float, "months_as_client": float, "request_no": str})


def score(frame: pd.DataFrame) -> np.ndarray:
    """A plausible model."""
    rank = frame["rating"].map({"d": 0, "c": 1, "b": 2, "a": 3}).astype(float)
    logit = 2 * np.log(frame["yearly_salary"].clip(lower=1_000) / 40_000) - 1.2 * np.log(frame["wanted_limit"] / 3_000)
    return (1 / (1 + np.exp(-(logit + 0.9 * (rank - 1.2))))).to_numpy()
