"""Adopt: the lender's own model becomes champion as it is. Its scores stand in the table, and nothing is trained."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from blocks.postgres.connect import connect
from tasks.contract.contract import Contract
from tasks.core.model_names import EXTERNAL, name_external
from tasks.core.windows import Window
from tasks.foreign.model import ScoreColumn
from tasks.foreign.score_column import fit_score_column
from tasks.job.job import Job
from tasks.job.stage import stage
from tasks.models.preprocess import Prepared
from tasks.models.scoring import score
from tasks.promotion.first_champion import read_reference
from tasks.promotion.foreign import ForeignReference, keep_reference, measure_reference, prepare_foreign
from tasks.promotion.install import Ready, Succession, install
from tasks.promotion.training_lock import wait_for_training_lock
from tasks.quality.ripeness import Ripeness
from tasks.registry.external_card import write_external_card
from tasks.registry.promote import hash_evidence
from tasks.registry.versions import Champion, describe_model, find_champion


@dataclass(frozen=True)
class Adoption:
    """The days that a model is compared with, their rows, and which of the days are ripe."""

    days: Window
    rows: Prepared
    ripeness: Ripeness


@stage("adopt", lambda champion: describe_model(champion.model))
def adopt_first(job: Job, reference: Window, version: str | None) -> Champion:
    """Cold start with scores in the table: the lender's own model becomes champion, unless another run was faster."""
    with wait_for_training_lock(job):
        with connect(job.database).connect() as connection:
            champion = find_champion(connection, job.contract.name, job.window)
        if champion is not None:
            return champion
        ready = prepare_adoption(job, read_adoption(job, reference), version)
        name = name_external(ready.bundle.metrics["external"])
        why = f"Adopted as it is: {name}. Windows are compared with {reference}; nothing was trained."
        effective = reference.end + timedelta(days=1)
        return install(job, ready, Succession(effective, None, why, hash_evidence(ready.bundle.metrics)))


def read_adoption(job: Job, days: Window) -> Adoption:
    """The rows of a reference. Raises UnfitWindowError where they are unfit."""
    rows, ripeness = read_reference(job, days, "The lender's own model cannot be compared with")
    return Adoption(days, rows, ripeness)


def prepare_adoption(job: Job, adoption: Adoption, version: str | None) -> Ready:
    """The bundle of the lender's own model: its score column, and the profile of its reference.

    As for a model of loanwatch's, the reference are the rows with a label; all applicants, where only loans that were
    given have one. Rows that the model did not score are among them, without a score.
    """
    contract, rows = job.contract, adoption.rows
    scorer = fit_score_column(contract, version, rows.applications, rows.labels)
    kept = keep_reference(rows)
    reference = ForeignReference(adoption.days, kept, score(scorer, kept.applications), adoption.ripeness.undecided)
    metrics = measure_reference(job, scorer, reference) | {
        "external": describe_external(contract, scorer),
        "candidates": {},
        "ripe_until": str(adoption.ripeness.until),
    }
    card = write_external_card(contract, scorer, (adoption.days,), metrics)
    return prepare_foreign(job, EXTERNAL, scorer, reference, (metrics, card))


def describe_external(contract: Contract, scorer: ScoreColumn) -> dict[str, Any]:
    """Name, version and owner of the lender's own model, and where its scores stand."""
    model = contract.lender_model
    if model is None:  # a score column always has a model
        return {"name": scorer.column, "version": scorer.version, "owner": "", "score": scorer.column}
    return {
        "name": model.name,
        "version": scorer.version or model.version,
        "owner": model.owner,
        "score": scorer.column,
        "trained_until": None if model.trained_until is None else model.trained_until.isoformat(),
    }
