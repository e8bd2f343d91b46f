"""Applications with a word, a number and a group, for what is measured of parts of a window."""

import numpy as np
import pandas as pd

from tasks.contract.contract import Contract

CONTRACT = Contract.model_validate(
    {
        "name": "small",
        "query": "loan_applications.sql",
        "column": [
            {"name": "id", "role": "id", "type": "text"},
            {"name": "at", "role": "time", "type": "time"},
            {"name": "y", "role": "target", "type": "category", "allowed": ["no", "yes"], "positive": "yes"},
            {"name": "word", "role": "feature", "type": "category"},
            {"name": "size", "role": "feature", "type": "number", "special": {"999": "not stated"}},
            {"name": "group", "role": "protected", "type": "category"},
        ],
    }
)


def make_applications(rows: int = 4000, seed: int = 1) -> pd.DataFrame:
    """Applications that fit the contract; each column may lack a value."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "word": pd.Categorical(rng.choice(["a", "b", None], rows, p=[0.5, 0.4, 0.1])),
            "size": rng.choice([1.0, 2.0, 3.0, 4.0, 5.0, 999.0, np.nan], rows),
            "group": pd.Categorical(rng.choice(["x", "z"], rows, p=[0.7, 0.3])),
        }
    )
