"""Install: put a model into production with its bundle, registry row and ledger row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from blocks.postgres.connect import connect
from tasks.core.arrays import Mask, sample_rows
from tasks.core.arrivals import count_arrivals
from tasks.core.reference_rows import ReferenceRows, sample_customers
from tasks.core.scored_window import ScoredWindow
from tasks.core.windows import Window, cut_windows
from tasks.job.job import Job
from tasks.models.cut_off import place_cut_off
from tasks.models.preprocess import Prepared
from tasks.models.train import Candidate
from tasks.profile.profile import SAMPLE_ROWS, fit_profile
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
    that later windows are compared with, None for all rows.
    """

    candidate: Candidate
    fitted_on: Prepared
    windows: tuple[Window, ...]
    metrics: dict[str, Any]
    undecided: int = 0
    reference_since: date | None = None

    @property
    def is_reference(self) -> Mask:
        """Which of the rows later windows are compared with."""
        since = self.reference_since
        return np.ones(len(self.fitted_on), dtype=bool) if since is None else self.fitted_on.is_since(since)


def settle_cut_off(job: Job, trained: Trained) -> Trained:
    """The model with the cut-off that it will have in production: by the scores that its profile will hold."""
    held = trained.candidate.out_of_fold[trained.is_reference]
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


def build_bundle(job: Job, trained: Trained) -> Bundle:
    """The model with the profile of its reference, its metrics and its card."""
    rows = trained.fitted_on
    scored = ScoredWindow(rows.applications, rows.labels, trained.candidate.out_of_fold, rows.keys, days=rows.days)
    reference = scored if trained.reference_since is None else scored.take(trained.is_reference)
    profile = replace(
        fit_profile(job.contract, reference, origin="out_of_fold", seed=job.policy.drift.seed),
        undecided=trained.undecided,
        told_by=rows.told_by,
        arrivals=count_arrivals(cut_windows(trained.windows, trained.reference_since), rows.days[trained.is_reference]),
    )
    card = write_card(job.contract, trained.candidate.kind, trained.windows, trained.metrics)
    customers = hash_customers(trained.fitted_on.keys)
    return Bundle(trained.candidate.pipeline, profile, customers, trained.metrics, card)


def install_champion(job: Job, trained: Trained, succession: Succession) -> Champion:
    """Save the bundle, then register and promote it in one transaction. A run that dies before leaves all as it was."""
    bundle, kind = build_bundle(job, trained), str(trained.candidate.kind)
    champion = put_into_production(job, bundle, kind, trained.windows, succession)
    return replace(champion, reference=_keep_reference(job, trained))


def put_into_production(
    job: Job, bundle: Bundle, kind: str, windows: tuple[Window, ...], succession: Succession
) -> Champion:
    """Save a bundle, then register and promote it in one transaction; `windows` are the days of its reference."""
    # A run may install two of a kind: its first champion, and the challenger that follows.
    name = job.contract.name
    folder = f"{name}-{job.job_id}-{kind}-after-{succession.from_version or 0}"
    location, sha256 = save_bundle(bundle, job.store, folder)
    with connect(job.database).begin() as connection:
        new = NewVersion(name, job.job_id, kind, bundle.metrics, location, sha256, windows)
        version = register(connection, new)
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
        return Champion(read_version(connection, name, version), bundle)


def _keep_reference(job: Job, trained: Trained) -> ReferenceRows:
    """Rows of the reference for the self-check, which comes after the run's verdict."""
    rows, held = trained.fitted_on.take(trained.is_reference), trained.candidate.out_of_fold[trained.is_reference]
    reference = ReferenceRows(rows.applications, rows.labels, held, rows.days, rows.keys)
    return sample_customers(reference, job.policy.drift.seed)
