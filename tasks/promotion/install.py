"""Install: put a model into production with its bundle, registry row and ledger row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from blocks.postgres.connect import connect
from tasks.core.arrays import sample_rows
from tasks.core.arrivals import count_arrivals
from tasks.core.reference_rows import ReferenceRows, sample_customers
from tasks.core.windows import Window, cut_windows
from tasks.job.job import Job
from tasks.models.budget import record_features
from tasks.models.cut_off import place_cut_off
from tasks.models.preprocess import Prepared, concatenate
from tasks.models.scoring import score_by_fold
from tasks.models.train import Candidate
from tasks.profile.profile import SAMPLE_ROWS, Profile, fit_profile
from tasks.registry.bundle import Bundle, save_bundle
from tasks.registry.known_customers import hash_customers
from tasks.registry.model_card import write_card
from tasks.registry.promote import NewVersion, Promotion, promote, register
from tasks.registry.versions import Champion, read_version


@dataclass(frozen=True)
class Succession:
    """Who follows whom, from when, why, and the hash of what shows it."""

    effective_from: date
    from_version: int | None
    why: str
    evidence_sha256: str


@dataclass(frozen=True)
class Trained:
    """A model ready for production: the candidate, the labelled rows and days it was fitted on, and its metrics.

    `undecided` counts the rows of its ripe days that have no decision. `reference_since` is the first day of the rows
    that later windows are compared with, None for all rows. `others` are the applicants of its days without a label,
    where only loans that were given have one; else None.
    """

    candidate: Candidate
    fitted_on: Prepared
    windows: tuple[Window, ...]
    metrics: dict[str, Any]
    undecided: int = 0
    reference_since: date | None = None
    others: Prepared | None = None


@dataclass(frozen=True)
class Ready:
    """A bundle ready for production, its kind, the days of its reference, and rows of these for the self-check."""

    bundle: Bundle
    kind: str
    windows: tuple[Window, ...]
    reference: ReferenceRows


def settle_cut_off(job: Job, trained: Trained) -> Trained:
    """The model with the cut-off that it will have in production: by the scores that its profile will hold."""
    held = list_reference(trained).scores
    kept = held[sample_rows(len(held), SAMPLE_ROWS, job.policy.drift.seed)]
    share = trained.metrics["cut_off"]["given"]
    cut_off = place_cut_off(job.contract, job.policy.cut_off, kept, share=share)
    return replace(trained, metrics=trained.metrics | {"cut_off": cut_off.as_record()})


def choose_reference(rows: Prepared, starts: Sequence[date | None], minimum: int) -> date | None:
    """The first day of a new champion's reference: since a change, where enough rows have come since.

    Parameters
    ----------
    rows : Prepared
        The labelled rows that the champion was fitted on.
    starts : sequence of date or None
        First days, the one preferred first.
    minimum : int
        The fewest rows, which must hold both labels.

    Returns
    -------
    date or None
        None where all rows are the reference.
    """
    for start in starts:
        if start is not None:
            labels = rows.labels[rows.is_since(start)]
            if len(labels) >= minimum and len(np.unique(labels)) == 2 and len(labels) < len(rows):
                return start
    return None


def list_reference(trained: Trained) -> ReferenceRows:
    """The rows that later windows are compared with, each with the score of the fold that was fitted without it.

    They are those fitted on and, where only loans that were given have a label, the other applicants too.
    """
    rows, scores, since = trained.fitted_on, trained.candidate.out_of_fold, trained.reference_since
    if trained.others is not None:
        others = trained.others
        new = score_by_fold(trained.candidate.pipeline, others.applications, others.keys)
        rows, scores = concatenate([rows, others]), np.concatenate([scores, new])
    if since is not None:
        is_since = rows.is_since(since)
        rows, scores = rows.take(is_since), scores[is_since]
    return ReferenceRows(rows.applications, rows.labels, scores, rows.days, rows.keys, rows.refused)


def profile_reference(
    job: Job, reference: ReferenceRows, windows: tuple[Window, ...], origin: str, share: float = 1.0
) -> Profile:
    """What is kept of a reference; `windows` are its days, and the rows a `share` of their applications."""
    profile = fit_profile(job.contract, reference.as_window(), origin=origin, seed=job.policy.drift.seed)
    return replace(profile, arrivals=count_arrivals(windows, reference.days).scale_up(share))


def prepare_install(job: Job, trained: Trained) -> Ready:
    """The model with the profile of its reference, its metrics and its card."""
    reference, windows = list_reference(trained), cut_windows(trained.windows, trained.reference_since)
    profile = profile_reference(job, reference, windows, "out_of_fold", trained.fitted_on.share)
    profile = replace(profile, undecided=trained.undecided, told_by=trained.fitted_on.told_by)
    kind, metrics = str(trained.candidate.kind), trained.metrics
    metrics = metrics | record_features(job.contract, trained.candidate.pipeline)
    card = write_card(job.contract, kind, trained.windows, metrics)
    customers = hash_customers(trained.fitted_on.keys)
    bundle = Bundle(trained.candidate.pipeline, profile, customers, metrics, card)
    return Ready(bundle, kind, trained.windows, sample_customers(reference, job.policy.drift.seed))


def install_champion(job: Job, trained: Trained, succession: Succession) -> Champion:
    """Put a model of ours into production."""
    return install(job, prepare_install(job, trained), succession)


def install(job: Job, ready: Ready, succession: Succession | None) -> Champion:
    """Save the bundle, then register and promote it in one transaction. A run that dies before leaves all as it was.

    Without a succession the model is registered only, and the champion stays: this run looks at it like a replay.
    """
    # A run may install two of a kind: its first champion, and the challenger that follows.
    before = "only" if succession is None else f"after-{succession.from_version or 0}"
    name = job.contract.name
    location, sha256 = save_bundle(ready.bundle, job.store, f"{name}-{job.job_id}-{ready.kind}-{before}")
    with connect(job.database).begin() as connection:
        new = NewVersion(name, job.job_id, ready.kind, ready.bundle.metrics, location, sha256, ready.windows)
        version = register(connection, new)
        if succession is not None:
            promote(
                connection,
                Promotion(
                    name,
                    job.job_id,
                    succession.effective_from,
                    succession.from_version,
                    version,
                    succession.why,
                    succession.evidence_sha256,
                ),
            )
        model = read_version(connection, name, version)
        return Champion(model, ready.bundle, is_replay=succession is None, reference=ready.reference)
