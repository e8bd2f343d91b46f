"""Foreign: what a model that was fitted elsewhere is installed with. Nothing is fitted for it but its profile."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tasks.core.arrays import Floats, sample_rows
from tasks.core.reference_rows import ReferenceRows, sample_customers
from tasks.core.windows import Window
from tasks.evaluation.training_metrics import measure_model
from tasks.foreign.model import ForeignModel
from tasks.job.job import Job
from tasks.models.cut_off import place_cut_off
from tasks.models.preprocess import Prepared
from tasks.profile.profile import SAMPLE_ROWS
from tasks.promotion.install import Ready, profile_reference
from tasks.registry.bundle import Bundle
from tasks.registry.known_customers import hash_customers


@dataclass(frozen=True, eq=False)
class ForeignReference:
    """The days that a model is compared with, their rows with its scores (NaN without one), and how many more of these
    days' applications are not decided yet."""

    days: Window
    rows: Prepared
    scores: Floats
    undecided: int


def keep_reference(rows: Prepared) -> Prepared:
    """The rows that later windows are compared with, as for a model of loanwatch's: those with a label.

    Where only loans that were given have one, all applicants are.
    """
    return rows if rows.refused is not None else rows.take(rows.is_labelled)


def measure_reference(job: Job, model: ForeignModel, reference: ForeignReference) -> dict[str, Any]:
    """How a model does on the labelled rows of its reference that it has scored, as plain JSON values."""
    rows, scores = reference.rows, reference.scores
    judged = rows.is_labelled & ~np.isnan(scores)
    kept = scores[sample_rows(len(scores), SAMPLE_ROWS, job.policy.drift.seed)]
    cut_off = place_cut_off(job.contract, job.policy.cut_off, kept, model)
    return {
        "fitted_rows": int(rows.is_labelled.sum()),
        "reference_applications": len(rows),
        "judged_on": str(reference.days),
        "left_out": int(rows.is_labelled.sum() - judged.sum()),
        **measure_model(job, rows.take(judged), scores[judged], cut_off),
        "training": None,
    }


def prepare_foreign(
    job: Job, kind: str, model: ForeignModel, reference: ForeignReference, told: tuple[dict[str, Any], str]
) -> Ready:
    """The bundle of a model with the profile of its reference; `told` are its metrics and its card.

    It knows no customers: whom the model was fitted on is not known here.
    """
    rows, (metrics, card) = reference.rows, told
    held = ReferenceRows(rows.applications, rows.labels, reference.scores, rows.days, rows.keys, rows.refused)
    profile = replace(
        profile_reference(job, held, (reference.days,), "holdout"), undecided=reference.undecided, told_by=rows.told_by
    )
    bundle = Bundle(model, profile, hash_customers(np.zeros(0, np.uint64)), metrics, card)
    return Ready(bundle, kind, (reference.days,), sample_customers(held, job.policy.drift.seed))
