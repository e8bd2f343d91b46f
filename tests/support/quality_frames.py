"""Windows for the quality tests: a small contract of plain names, and extracts made in memory."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tasks.contract.contract import Contract
from tasks.core.findings import Finding
from tasks.extract.extract import Extract

ROWS = 1_000
CONTRACT = Contract.model_validate(
    {
        "name": "small",
        "query": "loan_applications.sql",
        "column": [
            {"name": "loan", "role": "id", "type": "text"},
            {"name": "client", "role": "customer", "type": "text"},
            {"name": "asked", "role": "time", "type": "time"},
            {"name": "answer", "role": "target", "type": "category", "allowed": ["no", "yes"], "positive": "yes"},
            {"name": "amount", "role": "feature", "type": "number", "min": 0, "special": {"99999": "not stated"}},
            {"name": "score", "role": "feature", "type": "number", "min": 300, "max": 850},
            {"name": "debt", "role": "feature", "type": "number"},
            {"name": "home", "role": "feature", "type": "category", "allowed": ["rent", "own"]},
            {"name": "purpose", "role": "feature", "type": "category"},
        ],
    }
)


def make_frame(rows: int = ROWS, seed: int = 0, given: float = 0.7) -> pd.DataFrame:
    """Applications in which nothing is wrong, and no column says anything about the answer."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "loan": [f"l{number}" for number in range(rows)],
            "client": [f"c{number}" for number in range(rows)],
            "asked": pd.Timestamp("2024-05-01") + pd.to_timedelta(rng.integers(0, 31 * 1440, rows), unit="min"),
            "answer": pd.Categorical(np.where(rng.random(rows) < given, "yes", "no"), categories=["no", "yes"]),
            "amount": rng.lognormal(9, 0.5, rows),
            "score": rng.integers(600, 800, rows).astype(float),
            "debt": rng.normal(1000, 200, rows),
            "home": pd.Categorical(rng.choice(["rent", "own"], rows)),
            "purpose": pd.Categorical(rng.choice(["car", "house", "debts", "other"], rows)),
        }
    )


def make_extract(frame: pd.DataFrame | None = None, **others: object) -> Extract:
    """An extract of such a frame."""
    return Extract(make_frame() if frame is None else frame, **others)  # type: ignore[arg-type]


def pick(findings: list[Finding], check: str, subject: str | None = None) -> Finding:
    """The one finding of a check."""
    (finding,) = (f for f in findings if f.check == check and (subject is None or f.subject == subject))
    return finding
