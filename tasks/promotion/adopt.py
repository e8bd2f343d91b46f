"""Adopt: the lender's own model becomes champion as it is. Its scores stand in the table, and nothing is trained."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np

from blocks.postgres.connect import connect
from tasks.contract.contract import Contract
from tasks.core.arrays import sample_rows
from tasks.core.model_names import EXTERNAL, name_external
from tasks.core.reference_rows import ReferenceRows, sample_customers
from tasks.core.windows import Window
from tasks.evaluation.training_metrics import measure_model
from tasks.foreign.model import ScoreColumn
from tasks.foreign.score_column import fit_score_column
from tasks.job.job import Job
from tasks.job.stage import stage
from tasks.models.cut_off import place_cut_off
from tasks.models.preprocess import Prepared
from tasks.models.scoring import score
from tasks.profile.profile import SAMPLE_ROWS
from tasks.promotion.first_champion import read_reference
from tasks.promotion.install import Ready, Succession, install, profile_reference
from tasks.promotion.training_lock import wait_for_training_lock
from tasks.quality.ripeness import Ripeness
from tasks.registry.bundle import Bundle
from tasks.registry.external_card import write_external_card
from tasks.registry.known_customers import hash_customers
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
    kept = rows if rows.refused is not None else rows.take(rows.is_labelled)
    scores = score(scorer, kept.applications)
    reference = ReferenceRows(kept.applications, kept.labels, scores, kept.days, kept.keys, kept.refused)
    profile = replace(
        profile_reference(job, reference, (adoption.days,), "holdout"),
        undecided=adoption.ripeness.undecided,
        told_by=kept.told_by,
    )
    metrics = _measure(job, adoption, scorer, kept)
    nobody = hash_customers(np.zeros(0, np.uint64))  # whom it was fitted on is not known here
    bundle = Bundle(scorer, profile, nobody, metrics, write_external_card(contract, scorer, (adoption.days,), metrics))
    return Ready(bundle, EXTERNAL, (adoption.days,), sample_customers(reference, job.policy.drift.seed))


def _measure(job: Job, adoption: Adoption, scorer: ScoreColumn, rows: Prepared) -> dict[str, Any]:
    """Who it is, and how it does on the labelled rows of its reference that it has scored."""
    scores = score(scorer, rows.applications)
    judged = rows.is_labelled & ~np.isnan(scores)
    kept = scores[sample_rows(len(scores), SAMPLE_ROWS, job.policy.drift.seed)]
    cut_off = place_cut_off(job.contract, job.policy.cut_off, kept, scorer)
    return {
        "external": describe_external(job.contract, scorer),
        "fitted_rows": int(rows.is_labelled.sum()),
        "reference_applications": len(rows),
        "judged_on": str(adoption.days),
        "left_out": int(rows.is_labelled.sum() - judged.sum()),
        **measure_model(job, rows.take(judged), scores[judged], cut_off),
        "training": None,
        "candidates": {},
        "ripe_until": str(adoption.ripeness.until),
    }


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
