"""Worker: what one of a cluster does for a window. Each function finds what it needs by the names in the order."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from threading import BoundedSemaphore

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection

from blocks.errors import LoanwatchError
from blocks.postgres.connect import Database, connect
from tasks.contract.contract import Contract
from tasks.contract.queries import read_query
from tasks.core.arrays import Days, Keys
from tasks.core.memory import release_memory
from tasks.core.windows import Window
from tasks.extract.by_table.assemble import read_tables
from tasks.extract.by_table.later_ids import LaterIds, hash_ids
from tasks.extract.by_table.read import read_ids
from tasks.extract.extract import Extract, read_answer
from tasks.extract.table import read_table
from tasks.models.cluster.errors import ClusterError, UncutQueryError
from tasks.models.cluster.order import Order, PartOrder, find_here, open_contract
from tasks.models.part_record import PartRecord, Task, measure_part
from tasks.models.score_batch import Batch, Tally, add_predictions, predict
from tasks.registry.bundle import Bundle, load_bundle
from tasks.registry.versions import Champion, ModelVersion
from tasks.schema.locks import Lock, try_lock_until_commit

# Fewer than the connections that an engine has: the threads of a worker wait here, and not for one of those.
THREADS_AT_DATABASE = 4
SECONDS_BETWEEN_TRIES = 0.1
_at_database = BoundedSemaphore(THREADS_AT_DATABASE)


@dataclass(frozen=True)
class BatchOrder:
    """What is the same for every part of a batch: where predictions are written, by which model."""

    database: Database
    model: ModelVersion
    batch: Batch


def check_worker(order: Order) -> str:
    """Whether this process may work on the order. Raises OtherWorkerError or a ContractError; returns its name."""
    with _name_worker():
        open_contract(order)
    return find_here()


def list_ids(order: Order, days: Sequence[Window]) -> list[Keys]:
    """The hashes of the loans of some adjacent days, each once for each of the windows."""
    with _name_worker():
        contract = open_contract(order)
        if contract.parts is None:
            raise ClusterError(f"The contract {contract.name} has no `[parts]`.")
        whole = Window(days[0].start, days[-1].end)
        with _read(order, contract) as connection:
            ids, times = read_ids(connection, contract, contract.parts, whole)
        return _cut_ids(ids, times.to_numpy().astype("datetime64[D]"), days)


def read_part(order: Order, part: PartOrder) -> PartRecord:
    """What was measured of one part."""
    with _name_worker():
        contract = open_contract(order)
        model = order.champion
        champion = None if model is None else Champion(model, _load_bundle(model.artifact, model.sha256))
        extract = _read_extract(order, contract, part)
        task = Task(contract, order.window, champion, order.kept_rows)
        return measure_part(task, replace(extract, place=part.place))


def score_part(order: Order, part: PartOrder, to: BatchOrder) -> Tally:
    """Score a part and write its predictions in one transaction: all of them, or none where this process dies."""
    with _name_worker():
        contract = open_contract(order)
        scorer = _load_bundle(to.model.artifact, to.model.sha256).scorer
        applications = _read_extract(order, contract, part).applications
        if applications.empty:
            return Tally()
        predictions = predict(contract, scorer, to.batch.threshold, applications)
        with _at_database, connect(to.database).begin() as connection:
            _wait_for_slot(connection, order.readers)
            added = add_predictions(connection, to.batch, predictions)
        return Tally(len(applications), len(predictions), added)


@lru_cache(2)
def _load_bundle(location: str, sha256: str) -> Bundle:
    return load_bundle(location, sha256)


def _read_extract(order: Order, contract: Contract, part: PartOrder) -> Extract:
    """The part's rows. Raises UncutQueryError where they are other ones than the whole answer has for these days."""
    with _read(order, contract) as connection:
        extract = _extract(connection, contract, order, part)
    release_memory()
    if part.rows is not None and len(extract) != part.rows:
        raise UncutQueryError(
            f"for {part.days} the query returns {len(extract):,} rows, and {part.rows:,} of these days where it is "
            f"asked for {order.window}. Versions of an application may lie on several days, or the query leaves out "
            "the last day."
        )
    return extract


def _extract(connection: Connection, contract: Contract, order: Order, part: PartOrder) -> Extract:
    if contract.parts is not None:
        extract = read_tables(connection, contract, contract.parts, part.days, LaterIds(part.later))
    else:
        parameters = {"start": part.days.start, "end": part.days.end}
        extract = read_answer(connection, read_query(contract), parameters, contract)
    return replace(extract, undated=max(extract.undated, order.undated))


@contextmanager
def _read(order: Order, contract: Contract) -> Iterator[Connection]:
    """The run's snapshot, as one of so many at the server."""
    with _at_database, read_table(connect(order.database), contract, order.snapshot) as connection:
        _wait_for_slot(connection, order.readers)
        yield connection


def _wait_for_slot(connection: Connection, readers: int) -> None:
    """Be one of so many at a server. A slot is held until the transaction ends, however it ends."""
    slots = [str(number) for number in range(readers)]
    random.shuffle(slots)
    while not any(try_lock_until_commit(connection, Lock.READER, slot) for slot in slots):
        time.sleep(SECONDS_BETWEEN_TRIES)


def _cut_ids(ids: pa.ChunkedArray, days: Days, windows: Sequence[Window]) -> list[Keys]:
    known, hashes = hash_ids(ids)
    return [
        np.unique(hashes[known & (days >= np.datetime64(part.start)) & (days <= np.datetime64(part.end))])
        for part in windows
    ]


@contextmanager
def _name_worker() -> Iterator[None]:
    """An error that a person can correct says where it occurred."""
    try:
        yield
    except LoanwatchError as error:
        raise type(error)(f"On the Dask worker {find_here()}: {error}") from None
