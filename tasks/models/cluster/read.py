"""Read: a window whose parts the workers of a cluster read and measure, with the result of one process to the digit.

The records of parts are merged by the parts' places, so that neither the order in which they come nor one that is made
twice changes anything.
"""

from __future__ import annotations

from blocks.postgres.connect import connect
from blocks.postgres.replica import find_replica
from tasks.job.job import Job
from tasks.job.journal import log
from tasks.models.cluster.errors import UncutQueryError
from tasks.models.cluster.parts import order_parts
from tasks.models.cluster.scheduler import READING
from tasks.models.cluster.worker import read_part
from tasks.models.part_record import Reading, Task, merge_records
from tasks.models.read_window import read_window
from tasks.registry.versions import Champion


def read_on_cluster(job: Job, champion: Champion | None) -> Reading:
    """The job's window by the workers of its cluster; by this process alone where its query cannot be cut by days.

    Raises ClusterError where the cluster cannot do it, SnapshotError where the database cannot.
    """
    try:
        with order_parts(job, champion, READING) as ordered:
            task = Task(job.contract, job.window, champion, ordered.order.kept_rows)
            return merge_records(task, ordered.run(read_part))
    except UncutQueryError as error:
        log.warning("One process reads the window alone: %s", error)
    return read_window(connect(find_replica(job.database)), job.contract, job.window, job.policy.train, champion)
