"""Champion: train the first one, and put a model into production with its bundle, registry row and ledger row."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from blocks.postgres.connect import connect
from tasks.core.windows import Window
from tasks.evaluation.training_metrics import measure_training
from tasks.job.job import Job
from tasks.job.stage import stage
from tasks.models.candidates import train_candidates
from tasks.models.preprocess import Prepared
from tasks.models.read_window import judge_reading, prepare_reading, read_job_window
from tasks.models.ripening import ripen
from tasks.models.train import fit_candidate, list_others, split_rows
from tasks.promotion.install import Succession, Trained, install_champion, settle_cut_off
from tasks.promotion.training_lock import wait_for_training_lock
from tasks.quality.check import require_fit
from tasks.quality.repeated_customers import find_repeated_customers
from tasks.quality.ripeness import Ripeness
from tasks.registry.promote import hash_evidence
from tasks.registry.versions import Champion, describe_model, find_champion


@stage("first_champion", lambda champion: describe_model(champion.model))
def train_first_champion(job: Job, reference: Window) -> Champion:
    """Cold start: a model of the reference goes into production, unless another run has put one there meanwhile.

    Of two first runs at once the second waits for the first, and uses its champion: two models of the same days are
    not to be trained, nor is the second run to fail for having been slower.
    """
    with wait_for_training_lock(job):
        with connect(job.database).connect() as connection:
            champion = find_champion(connection, job.contract.name, job.window)
        if champion is not None:
            return champion
        trained = fit_champion(job, reference)
        why = f"First champion, trained on {reference}."
        effective = reference.end + timedelta(days=1)
        return install_champion(job, trained, Succession(effective, None, why, hash_evidence(trained.metrics)))


def fit_champion(job: Job, reference: Window) -> Trained:
    """Choose and judge on the last days of the reference, then fit the chosen kind on all of it.

    A weak model is put into production all the same: there is no other, and a window can be judged against it. The
    model question says that it is weak. Raises UnfitWindowError where the reference is unfit.
    """
    prepared, ripeness = read_reference(job, reference, "A model cannot be trained on")
    training = train_candidates(job.contract, split_rows(prepared, job.policy.train), [], job.policy.train)
    metrics = measure_training(job, training)
    labelled = prepared.take(prepared.is_labelled)
    deployed = fit_candidate(job.contract, training.chosen.kind, labelled, job.policy.train)
    metrics |= {"fitted_rows": len(labelled), "ripe_until": str(ripeness.until)}
    if prepared.share < 1:
        metrics |= {"share_of_reference": prepared.share}
    if prepared.refused is not None:
        metrics |= {"reference_applications": len(prepared)}
    trained = Trained(deployed, labelled, (reference,), metrics, ripeness.undecided, others=list_others(prepared))
    return settle_cut_off(job, trained)


def read_reference(job: Job, reference: Window, what_cannot: str) -> tuple[Prepared, Ripeness]:
    """The rows of a reference with the labels of their ripe days, by what they show themselves.

    Raises UnfitWindowError where they are unfit, which begins its advice with `what_cannot`.
    """
    reading = read_job_window(replace(job, window=reference), None)
    advice = f"{what_cannot} {reference}: choose other days."
    require_fit(judge_reading(job.contract, reading, job.policy.quality), advice)
    told_by = find_repeated_customers(job.contract, reading.extract.applications, job.policy.drift.seed)
    return ripen(connect(job.database), job.contract, reference, prepare_reading(job.contract, reading, told_by))
