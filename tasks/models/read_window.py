"""Read: a window as one frame where it is small, and part by part where it is large.

Of each part what the checks need is measured while the next one is read: the counts of its quality, and of every row
its words, day and customer, the levels of its columns by the champion's bins and the champion's score. The values are
kept in full of some customers only (`tasks/models/customer_sample.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import chain, islice

from sqlalchemy import Engine

from blocks.environment import read_environment
from blocks.postgres.connect import connect
from tasks.contract.contract import Contract
from tasks.core.findings import Finding
from tasks.core.policy import QualityPolicy, TrainPolicy
from tasks.core.prefetch import prefetch
from tasks.core.windows import Window
from tasks.extract.extract import Extract, extract_in_parts
from tasks.extract.labels import read_labels
from tasks.job.job import Job
from tasks.job.stage import stage
from tasks.models.customer_sample import count_sample_rows
from tasks.models.part_record import Reading, Task, measure_part, merge_records
from tasks.models.preprocess import Prepared, prepare
from tasks.quality.check import judge_quality, measure_quality
from tasks.quality.leakage import measure_leakage
from tasks.registry.versions import Champion

# Of a part while it is read: a value as the server wrote it, as it is read, and as it is kept.
BYTES_PER_VALUE = 40


@stage("extract", str)
def read_applications(job: Job, champion: Champion | None) -> Reading:
    """The applications of the job's window, scored by the champion where they are too many for one frame."""
    return read_job_window(job, champion)


def read_for_champion(job: Job, champion: Champion, extract: Extract) -> Extract:
    """The same applications; those of a large window are read again where no or another champion has scored them."""
    if extract.whole is None or extract.whole.champion == champion.model.sha256:
        return extract
    return score_again(job, champion).extract


@stage("read_again", str)
def score_again(job: Job, champion: Champion) -> Reading:
    """The window once more, part by part, for a champion that was not known before."""
    return read_job_window(job, champion)


def read_job_window(job: Job, champion: Champion | None) -> Reading:
    """The job's window, read by the workers of its cluster, if it names one, or by this process."""
    if job.engine:
        # Dask takes a second to import, and is not everywhere installed.
        from tasks.models.cluster.read import read_on_cluster

        return read_on_cluster(job, champion)
    return read_window(connect(job.database), job.contract, job.window, job.policy.train, champion)


def read_window(
    engine: Engine, contract: Contract, window: Window, policy: TrainPolicy, champion: Champion | None = None
) -> Reading:
    """A window in as many parts as the memory for one part demands. What it says does not depend on how it is cut."""
    most_rows = count_part_rows(contract)
    kept_rows = count_sample_rows(policy, len(contract.columns))
    parts = prefetch(extract_in_parts(engine, contract, window, most_rows))
    begun = list(islice(parts, 2))
    if len(begun) == 1 and len(begun[0]) <= kept_rows:
        return Reading(begun.pop())
    task = Task(contract, window, champion, kept_rows)
    return merge_records(task, (measure_part(task, part) for part in chain(_release(begun), parts)))


def count_part_rows(contract: Contract) -> int:
    """How many rows of a window one part may hold."""
    return max(int(read_environment().part_mb * 1e6 / (BYTES_PER_VALUE * len(contract.columns))), 1)


def prepare_reading(contract: Contract, reading: Reading, told_by: tuple[str, ...]) -> Prepared:
    """The rows of a window that a model is fitted on or compared with: all, or those of some customers.

    They know which share of the window's rows they are.
    """
    rows = prepare(contract, reading.extract.applications, told_by)
    return replace(rows, share=len(rows) / max(len(reading.extract), 1))


def judge_reading(
    contract: Contract, reading: Reading, policy: QualityPolicy, window: Window | None = None
) -> list[Finding]:
    """Every quality check of some days; with `window` (always, if they were read in parts), of rows outside it too."""
    applications = reading.extract.applications
    if reading.counts is None:
        return measure_quality(contract, reading.extract, policy, window)
    labels = read_labels(contract, applications)
    findings = judge_quality(contract, reading.counts, policy, reading.counts.window)
    return [*findings, *measure_leakage(contract, applications, labels, policy)]


def _release(parts: list[Extract]) -> Iterable[Extract]:
    """The parts of a list, each of which it holds no longer."""
    while parts:
        yield parts.pop(0)
