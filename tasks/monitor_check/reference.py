"""The reference of a champion that an earlier run has fitted, read again for its self-check."""

from __future__ import annotations

from dataclasses import replace

from blocks.errors import LoanwatchError
from tasks.core.arrays import Floats
from tasks.core.reference_rows import ReferenceRows, sample_customers
from tasks.job.job import Job
from tasks.models.out_of_fold import score_out_of_fold
from tasks.models.preprocess import Prepared, concatenate
from tasks.models.ripening import read_training_rows
from tasks.registry.versions import Champion

# A reference of which more is gone would not be the one that windows are compared with.
LEAST_SHARE = 0.9


class ReferenceGoneError(LoanwatchError):
    """The rows that the champion was fitted on are no longer in the table."""


def read_reference(job: Job, champion: Champion) -> ReferenceRows:
    """Rows that the champion was fitted on, each scored by the fold that was fitted without its customer.

    Raises ReferenceGoneError where less than nine tenths of them are left.
    """
    rows = concatenate(read_training_rows(job, champion))
    fitted, left = int(champion.model.metrics["fitted_rows"]), int(rows.is_labelled.sum())
    if left < LEAST_SHARE * fitted:
        raise ReferenceGoneError(
            f"The reference of version {champion.model.version} had {fitted:,} applications with a label, of which "
            f"{left:,} are left in the table: it cannot be split."
        )
    if not champion.bundle.profile.is_given_only:
        rows = rows.take(rows.is_labelled)
    since = champion.model.reference_since
    return _score(rows if since is None else rows.take(rows.is_since(since)), champion, job.policy.drift.seed)


def _score(rows: Prepared, champion: Champion, seed: int) -> ReferenceRows:
    unscored: Floats = rows.labels
    refused = rows.refused if champion.bundle.profile.is_given_only else None
    all_rows = ReferenceRows(rows.applications, rows.labels, unscored, rows.days, rows.keys, refused)
    sample = sample_customers(all_rows, seed)
    scorer = champion.bundle.scorer
    return replace(sample, scores=score_out_of_fold(scorer, sample.applications, sample.labels, sample.keys))
