"""NannyML's univariate drift with its defaults, in an environment of its own.

Each line of the input names two Parquet files, parted by a tab, and may add the rows of a chunk; without them each file
is three chunks. It is answered by a line of JSON.
"""

import contextlib
import json
import sys
import time

import pandas as pd

with contextlib.redirect_stdout(sys.stderr):
    import nannyml as nml

CHUNKS = 3


def answer(reference_file: str, current_file: str, chunk_rows: str = "") -> dict:
    """The mean value of every column, which of them alarm in any chunk, and the seconds of one run."""
    reference, current = pd.read_parquet(reference_file), pd.read_parquet(current_file)
    words = list(reference.select_dtypes(exclude="number").columns)
    chunks = {"chunk_size": int(chunk_rows)} if chunk_rows else {"chunk_number": CHUNKS}
    start = time.perf_counter()
    with contextlib.redirect_stdout(sys.stderr):
        calculator = nml.UnivariateDriftCalculator(
            column_names=list(reference.columns), treat_as_categorical=words, **chunks
        )
        result = calculator.fit(reference).calculate(current).filter(period="analysis").to_df()
    seconds = time.perf_counter() - start
    values, alarms = {}, []
    for name in reference.columns:
        method = next(key[1] for key in result.columns if key[0] == name)
        values[name] = float(result[name, method, "value"].mean())
        if result[name, method, "alert"].any():
            alarms.append(name)
    return {"values": values, "alarms": alarms, "seconds": seconds}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answer(*line.rstrip("\n").split("\t"))), flush=True)
