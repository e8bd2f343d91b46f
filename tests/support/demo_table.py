"""A table of texts as a batch of a file."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa


def to_batch(table: pd.DataFrame) -> pa.RecordBatch:
    """The table, every column as texts."""
    return pa.RecordBatch.from_pydict({name: pa.array(table[name], pa.string()) for name in table})
