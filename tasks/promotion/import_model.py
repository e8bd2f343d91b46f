"""Import: a fitted model of the lender's own becomes champion. Nothing is fitted for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from blocks.errors import UsageError
from blocks.postgres.connect import connect
from tasks.contract.contract import Contract
from tasks.core.windows import Window
from tasks.foreign.errors import UnfitModelError
from tasks.foreign.imported import ImportedModel
from tasks.job.job import Job
from tasks.promotion.dry_run import Tried, try_model
from tasks.promotion.first_champion import read_reference
from tasks.promotion.foreign import ForeignReference, measure_reference, prepare_foreign
from tasks.promotion.install import Ready, Succession, install
from tasks.promotion.training_lock import wait_for_training_lock
from tasks.registry.imported_card import write_imported_card
from tasks.registry.promote import Promotion, hash_evidence
from tasks.registry.versions import Champion, find_current

KIND = "imported"


class ImportRefusedError(UsageError):
    """A model that may not be installed as it was asked for."""


@dataclass(frozen=True)
class Identity:
    """Whose model it is, the last day that it was fitted on where that is known, and what its file was trusted with.

    `classes` is a sentence on which of its classes means what.
    """

    name: str
    version: str
    owner: str
    trained_until: date | None
    trust: str
    classes: str


@dataclass(frozen=True)
class Start:
    """From which day on it counts (None: the day after its reference), and whether it may replace a champion."""

    effective_from: date | None
    may_replace: bool


def refuse_known_days(identity: Identity, *spans: Window) -> None:
    """Raises ImportRefusedError where the model was fitted on days that it is to be judged or compared by."""
    until = identity.trained_until
    for days in spans:
        if until is not None and days.start <= until:
            raise ImportRefusedError(
                f"The model was fitted on days up to {until}, and scores those of {days} better than new ones. Choose "
                f"days after {until} for `start`, `end`, `reference_start` and `reference_end`."
            )


def try_on_window(job: Job, model: ImportedModel, reference: Window) -> Tried:
    """The dry run, on the reference and on the job's window. Raises UnfitWindowError or UnfitModelError."""
    rows, ripeness = read_reference(job, reference, "A model cannot be compared with")
    window, _ = read_reference(job, job.window, "A model cannot be tried on")
    return try_model(job, model, (reference, rows, ripeness.undecided), window)


def install_imported(
    job: Job, model: ImportedModel, identity: Identity, judged: tuple[Window, Tried], start: Start
) -> tuple[Champion, Promotion]:
    """Put the model into production with a profile of its reference, whose days and dry run are `judged`.

    A person does it: it is compared with no champion. Returns the champion and what the ledger says of it.
    Raises ImportRefusedError or UnfitModelError.
    """
    reference, tried = judged
    _refuse_poor(job, tried)
    with wait_for_training_lock(job):
        with connect(job.database).connect() as connection:
            current = find_current(connection, job.contract.name)
        if current is not None and not start.may_replace:
            raise ImportRefusedError(
                f"Version {current} is in production. Add `replace` to put the model in its place without a comparison."
            )
        ready = prepare_import(job, model, identity, reference, tried)
        before = "no model" if current is None else f"version {current}"
        why = (
            f"{identity.name}{f', version {identity.version},' if identity.version else ''} of "
            f"{identity.owner or 'the lender'}, imported from {model.passport.file} by hand and put in the place of "
            f"{before} without a comparison."
        )
        effective = start.effective_from or reference.end + timedelta(days=1)
        succession = Succession(effective, current, why, hash_evidence(ready.bundle.metrics))
        champion = install(job, ready, succession)
        name, version, evidence = job.contract.name, champion.model.version, succession.evidence_sha256
        return champion, Promotion(name, job.job_id, effective, current, version, why, evidence)


def prepare_import(job: Job, model: ImportedModel, identity: Identity, reference: Window, tried: Tried) -> Ready:
    """The model's file with the profile of its reference, its metrics and its card."""
    held = ForeignReference(reference, tried.rows, tried.scores, tried.undecided)
    metrics = measure_reference(job, model, held) | {
        "imported": describe_source(job.contract, model, identity),
        "dry_run": tried.dry_run.as_record(),
    }
    card = write_imported_card(job.contract, reference, metrics)
    return prepare_foreign(job, KIND, model, held, (metrics, card))


def describe_source(contract: Contract, model: ImportedModel, identity: Identity) -> dict[str, Any]:
    """Where the model comes from, as plain JSON values."""
    until = identity.trained_until
    return {
        "name": identity.name,
        "version": identity.version,
        "owner": identity.owner,
        "trained_until": None if until is None else until.isoformat(),
        "form": model.form,
        "file": model.passport.file,
        "sha256": model.passport.sha256,
        "trust": identity.trust,
        "classes": identity.classes,
        "columns": list(model.passport.columns),
        "positive": contract.positive,
    }


def _refuse_poor(job: Job, tried: Tried) -> None:
    """A model that ranks worse than chance has probably been read the wrong way round."""
    auc, least = tried.dry_run.reference.auc, job.policy.promotion.least_champion_auc
    if auc is None:
        raise UnfitModelError("The reference holds one decision only: the model cannot be judged. Choose other days.")
    if auc < least:
        raise UnfitModelError(
            f"The model's AUC on its reference is {auc:.3f}, worse than chance: typical of the wrong class. Name the "
            "one that means the contract's positive value with `positive`. The champion is unchanged."
        )
