"""A run's start (`loanwatch.run_start`): its window, its changed limits and its Prefect run, known even if it fails."""

from __future__ import annotations

import json

from blocks.postgres.connect import connect
from tasks.core.changed_limits import list_changed_limits
from tasks.job.job import Job
from tasks.schema.queries import read_query


def save_start(job: Job, flow_run: str = "", page: str = "") -> None:
    """Store what a run sets out to do.

    Parameters
    ----------
    job : Job
        The run, its policy as it is judged by.
    flow_run, page : str
        The id of its Prefect run, and the address of that run's page; empty where there is none.
    """
    changed = list_changed_limits(job.policy.model_dump(mode="json"))
    start = {
        "job_id": job.job_id,
        "contract": job.contract.name,
        "window_start": job.window.start,
        "window_end": job.window.end,
        "changed_limits": json.dumps({limit.name: limit.value for limit in changed}),
        "flow_run": flow_run,
        "flow_run_page": page,
    }
    with connect(job.database).begin() as connection:
        connection.execute(read_query("journal/add_start"), start)
