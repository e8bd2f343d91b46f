"""Parts: a window as orders for its parts, all of one snapshot, which this process holds open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from sqlalchemy import Connection

from blocks.environment import read_environment
from blocks.postgres.connect import Database, connect
from blocks.postgres.replica import find_replica
from blocks.postgres.snapshot import export_snapshot
from tasks.core.arrays import Keys
from tasks.extract.by_table.later_ids import find_later_ids
from tasks.extract.held_days import count_undated
from tasks.extract.table import read_table
from tasks.job.job import Job
from tasks.job.journal import log
from tasks.models.cluster.order import Order, PartOrder, find_here, name_contract, read_software, sum_contract
from tasks.models.cluster.plan import Plan, group_parts, plan_parts
from tasks.models.cluster.scheduler import Cluster, Work, open_cluster
from tasks.models.cluster.worker import list_ids
from tasks.models.customer_sample import count_sample_rows
from tasks.models.read_window import count_part_rows
from tasks.registry.versions import Champion

T = TypeVar("T")


@dataclass(frozen=True)
class OrderedParts:
    """A window that is cut, and the cluster that works on it."""

    cluster: Cluster
    order: Order
    parts: list[PartOrder]

    def run(self, function: Callable[..., T], *more: Any) -> Iterator[T]:
        """What a function of `tasks.models.cluster.worker` returns for each part, whichever is ready first."""
        calls = [(str(part.days), (self.order, part, *more)) for part in self.parts]
        for days, done in self.cluster.run(function, calls):
            log.debug("The part %s of %s is done", days, self.order.window)
            yield done


@contextmanager
def order_parts(job: Job, champion: Champion | None, work: Work) -> Iterator[OrderedParts]:
    """The parts of the job's window, for as long as the snapshot that they are read from is held open.

    Raises ClusterError where the cluster cannot work on them, UncutQueryError where the query cannot be cut, and
    SnapshotError where the database lets nobody share what it shows.
    """
    source = find_replica(job.database)
    if source != job.database:
        log.info("The applications are read from the replica, %s", source)
    with (
        open_cluster(job.engine, work) as cluster,
        read_table(connect(source), job.contract) as connection,
    ):
        order = make_order(job, champion, connection, source)
        cluster.check(order)
        most_rows, threads = count_part_rows(job.contract), cluster.count_threads()
        plan = plan_parts(connection, job.contract, job.window, most_rows, threads)
        yield OrderedParts(cluster, order, list(_order(plan, _find_later(cluster, order, plan, threads))))


def make_order(job: Job, champion: Champion | None, connection: Connection, source: Database) -> Order:
    """What every worker is told; the connection's transaction has to last as long as they read from `source`."""
    contract = job.contract
    return Order(
        source,
        name_contract(contract),
        sum_contract(contract),
        read_software(),
        job.window,
        count_sample_rows(job.policy.train, len(contract.columns)),
        None if champion is None else champion.model,
        export_snapshot(connection),
        count_undated(connection, contract),
        read_environment().readers,
        find_here(),
    )


def _order(plan: Plan, later: list[Keys]) -> Iterator[PartOrder]:
    for place, days in enumerate(plan.parts):
        yield PartOrder(place, days, later[place], None if plan.rows is None else plan.rows[place])


def _find_later(cluster: Cluster, order: Order, plan: Plan, threads: int) -> list[Keys]:
    """For each part the loans that have a version in a later one. The answer of a query has one version of each."""
    if plan.rows is not None or len(plan.parts) == 1:
        return [np.empty(0, np.uint64) for _ in plan.parts]
    groups = {f"{group[0].start} to {group[-1].end}": group for group in group_parts(plan.parts, threads)}
    found = dict(cluster.run(list_ids, [(name, (order, group)) for name, group in groups.items()]))
    return find_later_ids([ids for name in groups for ids in found[name]])
