"""Install: put a model into production with its bundle, registry row and ledger row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from blocks.postgres.connect import connect
from tasks.core.arrivals import count_arrivals
from tasks.core.reference_rows import ReferenceRows, sample_customers
from tasks.core.scored_window import ScoredWindow
from tasks.core.windows import Window
from tasks.job.job import Job
from tasks.models.preprocess import Prepared
from tasks.models.train import Candidate
from tasks.profile.profile import fit_profile
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

    `undecided` counts the rows of its ripe days that have no decision.
    """

    candidate: Candidate
    fitted_on: Prepared
    windows: tuple[Window, ...]
    metrics: dict[str, Any]
    undecided: int = 0


def build_bundle(job: Job, trained: Trained) -> Bundle:
    """The model with the profile of its reference, its metrics and its card."""
    rows = trained.fitted_on
    reference = ScoredWindow(rows.applications, rows.labels, trained.candidate.out_of_fold, rows.keys, days=rows.days)
    profile = replace(
        fit_profile(job.contract, reference, origin="out_of_fold", seed=job.policy.drift.seed),
        undecided=trained.undecided,
        told_by=rows.told_by,
        arrivals=count_arrivals(trained.windows, rows.days),
    )
    card = write_card(job.contract, trained.candidate.kind, trained.windows, trained.metrics)
    customers = hash_customers(trained.fitted_on.keys)
    return Bundle(trained.candidate.pipeline, profile, customers, trained.metrics, card)


def install_champion(job: Job, trained: Trained, succession: Succession) -> Champion:
    """Save the bundle, then register and promote it in one transaction. A run that dies before leaves all as it was."""
    bundle = build_bundle(job, trained)
    kind = str(trained.candidate.kind)
    # A run may install two of a kind: its first champion, and the challenger that follows.
    folder = f"{job.contract.name}-{job.job_id}-{kind}-after-{succession.from_version or 0}"
    location, sha256 = save_bundle(bundle, job.store, folder)
    name = job.contract.name
    with connect(job.database).begin() as connection:
        new = NewVersion(name, job.job_id, kind, trained.metrics, location, sha256, trained.windows)
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
        return Champion(read_version(connection, name, version), bundle, reference=_keep_reference(job, trained))


def _keep_reference(job: Job, trained: Trained) -> ReferenceRows:
    """Rows of the reference for the self-check, which comes after the run's verdict."""
    rows = trained.fitted_on
    reference = ReferenceRows(rows.applications, rows.labels, trained.candidate.out_of_fold, rows.days, rows.keys)
    return sample_customers(reference, job.policy.drift.seed)
