"""Learning curve: what more rows, and what more columns, would bring a model, on made-up applications.

    python -m benchmarks.learning_curve --json curve.json
    python -m benchmarks.learning_curve --json columns.json --columns 60 --columns 250 --columns 5000 --of 300

Each model is fitted as the pipeline fits it, on the first rows of one large draw, and judged on the same fresh rows by
the AUC. `train.most_rows` is chosen by the first curve, `train.most_columns` by the second: of a made-up lender's table
of so many columns (`--of`), the models get those that the screening chooses, or all of them where so many are allowed.
"""

from __future__ import annotations

import time
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
from cyclopts import App, Parameter
from rich.console import Console
from sklearn.metrics import roc_auc_score

from benchmarks.command_line import run_command
from benchmarks.training import CONTRACT, POLICY, Rows, make_rows
from benchmarks.wide_lender import Shape, describe_lender, list_names, make_month
from tasks.contract.contract import Contract
from tasks.core.files import write_json
from tasks.core.policy import Kind, TrainPolicy
from tasks.models.preprocess import Prepared
from tasks.models.scoring import score
from tasks.models.train import fit_candidate

SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000)
TEST_ROWS = 200_000
WIDE_ROWS, WIDE_TEST_ROWS = 15_000, 20_000

app = App(name="python -m benchmarks.learning_curve", help=__doc__, help_format="plaintext")


@dataclass(frozen=True)
class Record:
    """A model by its rows: `cpu` seconds of its fit with all folds, and its `auc` on `test_rows` fresh rows.

    `columns` is what the matrix of each fold may have at most, and `of` the columns of the made-up table.
    """

    kind: str
    rows: int
    cpu: float
    auc: float
    test_rows: int
    columns: int = POLICY.most_columns
    of: int = len(CONTRACT.columns)
    seed: int = 1


@app.default
def run(
    *,
    json_file: Annotated[Path, Parameter(name="--json")],
    rows: Annotated[list[int] | None, Parameter(negative=())] = None,
    kind: Annotated[list[Kind] | None, Parameter(negative=())] = None,
    columns: Annotated[list[int] | None, Parameter(negative=())] = None,
    of: int = 300,
    seed: Annotated[list[int] | None, Parameter(negative=())] = None,
) -> int:
    """Fit, judge, print, and write the records.

    Parameters
    ----------
    json_file
        Where the list of records is written.
    rows
        Rows to fit on; may be repeated. Default: 10,000 to 1,000,000; 15,000 of a wide table.
    kind
        random_forest or gradient_boosting; may be repeated. Default: gradient_boosting.
    columns
        Most columns of the matrix; may be repeated. With it the rows are those of a wide table.
    of
        Columns of that wide table.
    seed
        Draws of it; may be repeated. Default: 1.
    """
    console, records = Console(highlight=False), []
    for chosen in kind or [Kind.GRADIENT_BOOSTING]:
        if columns:
            sizes = max(rows or [WIDE_ROWS]), WIDE_TEST_ROWS
            found = (one for draw in seed or [1] for one in curve_columns(chosen, columns, of, sizes, draw))
        else:
            found = curve_rows(chosen, sorted(rows or SIZES), TEST_ROWS)
        for record in found:
            records.append(record)
            console.print(
                f"{record.kind:18} {record.rows:>9,} rows {record.columns:>6,} columns of {record.of:,}  seed "
                f"{record.seed}  {record.cpu:7.1f} CPU s  AUC {record.auc:.4f}"
            )
    write_json(json_file, [asdict(record) for record in records])
    return 0


def curve_rows(kind: Kind, sizes: list[int], test_rows: int) -> Iterator[Record]:
    """A model for each number of rows."""
    data = make_rows(sizes[-1], test_rows)
    for size in sizes:
        first = data.training.take(np.arange(sizes[-1]) < size)
        yield _measure(CONTRACT, kind, Rows(first, data.test, data.suspects), POLICY)


def curve_columns(kind: Kind, columns: list[int], of: int, sizes: tuple[int, int], seed: int) -> Iterator[Record]:
    """A model for each number of columns that a matrix may have, of a wide table's rows to fit on and to judge by."""
    shape = Shape("curve", of, {"2024-01": sum(sizes)})
    contract = Contract.model_validate(tomllib.loads(describe_lender(shape, list_names(shape))))
    frame = pd.concat(list(make_month(shape, "2024-01", seed)), ignore_index=True)
    numbers = {column.name: float for column in contract.features if column.type == "number"}
    labels, keys = (frame["answer"] == "yes").to_numpy(float), pd.util.hash_array(np.arange(len(frame)))
    features = frame[[column.name for column in contract.features]].astype(numbers)
    whole = Prepared(features, labels, frame["asked_at"].to_numpy("datetime64[D]"), keys)
    first = np.arange(len(frame)) < sizes[0]
    data = Rows(whole.take(first), whole.take(~first), np.zeros(sizes[1], bool))
    for most in columns:
        policy = POLICY.model_copy(update={"most_columns": most})
        yield _measure(contract, kind, data, policy, seed)


def _measure(contract: Contract, kind: Kind, data: Rows, policy: TrainPolicy, seed: int = 1) -> Record:
    began = time.process_time()
    candidate = fit_candidate(contract, kind, data.training, policy)
    cpu = time.process_time() - began
    auc = float(roc_auc_score(data.test.labels, score(candidate.pipeline, data.test.applications)))
    columns = policy.most_columns, len(contract.columns)
    return Record(str(kind), len(data.training), cpu, auc, len(data.test), *columns, seed)


if __name__ == "__main__":
    run_command(app)
