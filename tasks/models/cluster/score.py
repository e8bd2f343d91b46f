"""Score: a batch whose parts the workers of a cluster read, score and write, each in one transaction."""

from __future__ import annotations

from collections.abc import Iterator

from tasks.job.job import Job
from tasks.models.cluster.parts import order_parts
from tasks.models.cluster.scheduler import SCORING
from tasks.models.cluster.worker import BatchOrder, score_part
from tasks.models.score_batch import Batch, Tally
from tasks.registry.versions import Champion


def score_on_cluster(job: Job, champion: Champion, batch: Batch) -> Iterator[Tally]:
    """What was done for each part of the job's window, whichever is ready first.

    Rows may be read from a replica; predictions are written where the run's own tables are. Raises UncutQueryError
    where the query cannot be cut by days: what was written till then is right and stays.
    """
    with order_parts(job, None, SCORING) as ordered:
        yield from ordered.run(score_part, BatchOrder(job.database, champion.model, batch))
