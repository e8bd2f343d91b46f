"""Learning curve: what more rows would bring a model, on made-up applications by the demo's rule.

    python -m benchmarks.learning_curve --json curve.json

Each model is fitted as the pipeline fits it, on the first rows of one large draw, and judged on the same fresh rows by
the AUC; the rule's own AUC on these is the most that any model could have. `train.most_rows` is chosen by it.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from cyclopts import App, Parameter
from rich.console import Console
from sklearn.metrics import roc_auc_score

from benchmarks.command_line import run_command
from benchmarks.training import CONTRACT, POLICY, make_rows
from tasks.core.files import write_json
from tasks.core.policy import Kind
from tasks.models.scoring import score
from tasks.models.train import fit_candidate

SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000)
TEST_ROWS = 200_000

app = App(name="python -m benchmarks.learning_curve", help=__doc__, help_format="plaintext")


@dataclass(frozen=True)
class Record:
    """A model by its rows: `cpu` seconds of its fit with all folds, and its `auc` on `test_rows` fresh rows."""

    kind: str
    rows: int
    cpu: float
    auc: float
    test_rows: int


@app.default
def run(
    *,
    json_file: Annotated[Path, Parameter(name="--json")],
    rows: Annotated[list[int] | None, Parameter(negative=())] = None,
    kind: Annotated[list[Kind] | None, Parameter(negative=())] = None,
    test_rows: int = TEST_ROWS,
) -> int:
    """Fit, judge, print, and write the records.

    Parameters
    ----------
    json_file
        Where the list of records is written.
    rows
        Rows to fit on; may be repeated. Default: 10,000 to 1,000,000.
    kind
        random_forest or gradient_boosting; may be repeated. Default: gradient_boosting.
    test_rows
        Rows to judge by.
    """
    sizes, console, records = sorted(rows or SIZES), Console(highlight=False), []
    data = make_rows(sizes[-1], test_rows)
    for chosen in kind or [Kind.GRADIENT_BOOSTING]:
        for size in sizes:
            began = time.process_time()
            candidate = fit_candidate(CONTRACT, chosen, data.training.take(np.arange(sizes[-1]) < size), POLICY)
            cpu = time.process_time() - began
            auc = float(roc_auc_score(data.test.labels, score(candidate.pipeline, data.test.applications)))
            records.append(Record(str(chosen), size, cpu, auc, test_rows))
            console.print(f"{chosen:18} {size:>9,} rows  {cpu:7.1f} CPU s  AUC {auc:.4f}")
    write_json(json_file, [asdict(record) for record in records])
    return 0


if __name__ == "__main__":
    run_command(app)
