"""Read: a window whose parts the workers of a cluster read and measure, with the result of one process to the digit.

All parts are of one snapshot, which this process holds open. The records of parts are merged by the parts' places, so
that neither the order in which they come nor one that is made twice changes anything.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sqlalchemy import Connection

from blocks.environment import read_environment
from blocks.postgres.connect import connect
from blocks.postgres.snapshot import export_snapshot
from tasks.core.arrays import Keys
from tasks.extract.by_table.later_ids import find_later_ids
from tasks.extract.held_days import count_undated
from tasks.extract.table import read_table
from tasks.job.job import Job
from tasks.job.journal import log
from tasks.models.cluster.errors import UncutQueryError
from tasks.models.cluster.order import Order, find_here, name_contract, read_software, sum_contract
from tasks.models.cluster.plan import Plan, group_parts, plan_parts
from tasks.models.cluster.scheduler import Cluster, open_cluster
from tasks.models.cluster.worker import PartOrder, list_ids, read_part
from tasks.models.customer_sample import count_sample_rows
from tasks.models.part_record import PartRecord, Reading, Task, merge_records
from tasks.models.read_window import count_part_rows, read_window
from tasks.registry.versions import Champion


def read_on_cluster(job: Job, champion: Champion | None) -> Reading:
    """The job's window by the workers of its cluster; by this process alone where its query cannot be cut by days.

    Raises ClusterError where the cluster cannot do it, SnapshotError where the database cannot.
    """
    engine = connect(job.database)
    try:
        with open_cluster(job.engine) as cluster, read_table(engine, job.contract) as connection:
            order = make_order(job, champion, connection)
            cluster.check(order)
            most_rows, threads = count_part_rows(job.contract), cluster.count_threads()
            plan = plan_parts(connection, job.contract, job.window, most_rows, threads)
            task = Task(job.contract, job.window, champion, order.kept_rows)
            return merge_records(task, _read_parts(cluster, order, plan, threads))
    except UncutQueryError as error:
        log.warning("One process reads the window alone: %s", error)
    return read_window(engine, job.contract, job.window, job.policy.train, champion)


def make_order(job: Job, champion: Champion | None, connection: Connection) -> Order:
    """What every worker is told; the connection's transaction has to last as long as they read."""
    contract = job.contract
    return Order(
        job.database,
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


def _read_parts(cluster: Cluster, order: Order, plan: Plan, threads: int) -> Iterator[PartRecord]:
    """The record of each part, whichever is ready first. Raises UncutQueryError where one has other rows than its days.

    A record of a place that was met is not given again.
    """
    later = _find_later(cluster, order, plan, threads)
    parts = [PartOrder(place, days, later[place]) for place, days in enumerate(plan.parts)]
    calls = [(str(part.days), (order, part)) for part in parts]
    for days, record in cluster.run(read_part, calls):
        rows = len(record.rows.days)
        if plan.rows is not None and rows != plan.rows[record.place]:
            raise UncutQueryError(
                f"for {days} the query returns {rows:,} rows, and {plan.rows[record.place]:,} of these days where it "
                f"is asked for {order.window}. Versions of an application may lie on several days, or the query leaves "
                "out the last day."
            )
        log.debug("Part %s of %s: %s applications", days, order.window, f"{rows:,}")
        yield record


def _find_later(cluster: Cluster, order: Order, plan: Plan, threads: int) -> list[Keys]:
    """For each part the loans that have a version in a later one. The answer of a query has one version of each."""
    if plan.rows is not None or len(plan.parts) == 1:
        return [np.empty(0, np.uint64) for _ in plan.parts]
    groups = {f"{group[0].start} to {group[-1].end}": group for group in group_parts(plan.parts, threads)}
    found = dict(cluster.run(list_ids, [(name, (order, group)) for name, group in groups.items()]))
    return find_later_ids([ids for name in groups for ids in found[name]])
