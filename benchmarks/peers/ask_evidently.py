"""Evidently's DataDriftPreset with its defaults, in an environment of its own.

Each line of the input names two Parquet files, parted by a tab; it is answered by a line of JSON.
"""

import json
import sys
import time

import pandas as pd
from evidently import Dataset, Report
from evidently.presets import DataDriftPreset


def answer(reference_file: str, current_file: str) -> dict:
    """The drift value of every column, which of them alarm, and the seconds of one run without the imports."""
    reference, current = pd.read_parquet(reference_file), pd.read_parquet(current_file)
    start = time.perf_counter()
    snapshot = Report([DataDriftPreset()]).run(
        current_data=Dataset.from_pandas(current), reference_data=Dataset.from_pandas(reference)
    )
    metrics = json.loads(snapshot.json())["metrics"]
    seconds = time.perf_counter() - start
    values, alarms = {}, []
    for metric in metrics:
        config = metric["config"]
        if "column" not in config:
            continue
        value, limit = float(metric["value"]), float(config["threshold"])
        values[config["column"]] = value
        # A p-value alarms below its limit, a distance at or above it.
        if value < limit if "p_value" in config["method"] else value >= limit:
            alarms.append(config["column"])
    return {"values": values, "alarms": alarms, "seconds": seconds}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answer(*line.rstrip("\n").split("\t"))), flush=True)
