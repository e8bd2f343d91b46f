"""Evidently's DataDriftPreset with its defaults, in an environment of its own: two Parquet files in, JSON out."""

import json
import sys
import time

import pandas as pd
from evidently import Dataset, Report
from evidently.presets import DataDriftPreset


def main(reference_file: str, current_file: str) -> None:
    """Print the drift value of every column, which of them alarm, and the seconds of one run without the imports."""
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
    print(json.dumps({"values": values, "alarms": alarms, "seconds": seconds}))


if __name__ == "__main__":
    main(*sys.argv[1:3])
