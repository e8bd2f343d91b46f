"""Retrain: a model for a window because a person says so, in contest with the champion or in its place."""

from __future__ import annotations

from datetime import timedelta

from blocks.postgres.connect import connect
from tasks.job.job import Job
from tasks.job.stage import stage
from tasks.promotion.first_champion import fit_champion
from tasks.promotion.install import Succession, install_champion
from tasks.promotion.training_lock import wait_for_training_lock
from tasks.registry.promote import hash_evidence
from tasks.registry.versions import Champion, NoChampionError, describe_model, find_champion, find_current


@stage("load_champion", lambda champion: describe_model(champion.model))
def load_incumbent(job: Job) -> Champion:
    """The champion that a challenger of this window has to beat. Raises NoChampionError where there is none."""
    with connect(job.database).connect() as connection:
        champion = find_champion(connection, job.contract.name, job.window)
    if champion is None:
        adopts = " Or run `python -m flows.monitor`, which adopts the model behind the table's scores."
        raise NoChampionError(
            f"No model for {job.contract.name} is in production to compare with. Add `replace` to train a first one on "
            f"{job.window}.{adopts if job.contract.score else ''}"
        )
    return champion


@stage("replace", lambda champion: describe_model(champion.model))
def replace_champion(job: Job) -> Champion:
    """Fit a model on all of the job's window and put it into production without a comparison.

    The better kind is chosen and judged on the window's last days, and refused where it is poor, as for a first one.
    """
    with wait_for_training_lock(job):
        with connect(job.database).connect() as connection:
            current = find_current(connection, job.contract.name)
        trained = fit_champion(job, job.window)
        before = "no model" if current is None else f"version {current}"
        why = f"Trained on {job.window} by hand and put in the place of {before} without a comparison."
        effective = job.window.end + timedelta(days=1)
        return install_champion(job, trained, Succession(effective, current, why, hash_evidence(trained.metrics)))
