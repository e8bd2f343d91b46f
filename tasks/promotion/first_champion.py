"""Champion: train the first one, and put a model into production with its bundle, registry row and ledger row."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from blocks.errors import LoanwatchError
from blocks.postgres.connect import connect
from tasks.core.findings import Verdict
from tasks.core.scored_window import ScoredWindow
from tasks.core.windows import Window
from tasks.evaluation.approval_by_group import measure_approval
from tasks.evaluation.calibration import measure_calibration_error, measure_intervals, measure_reliability
from tasks.evaluation.segments import cut_segments, measure_segments
from tasks.extract.extract import extract_window
from tasks.job.job import Job
from tasks.job.journal import stage
from tasks.models.preprocess import Prepared, prepare
from tasks.models.train import Candidate, Training, fit_candidate, score, split_by_time, train_candidates
from tasks.profile.profile import fit_profile
from tasks.promotion.compare import THRESHOLD, measure_performance
from tasks.promotion.training_lock import wait_for_turn
from tasks.quality.check import is_fit, measure_quality
from tasks.registry.bundle import Bundle, save_bundle
from tasks.registry.known_customers import Customers, remember_customers
from tasks.registry.model_card import write_card
from tasks.registry.promote import NewVersion, Promotion, hash_evidence, promote, register
from tasks.registry.versions import Champion, ModelVersion, find_champion, read_version


class FirstChampionError(LoanwatchError):
    """No first champion can be trained on the reference window."""


@dataclass(frozen=True)
class Succession:
    """Who follows whom, from when, why, and the hash of what shows it."""

    effective_from: date
    from_version: int | None
    why: str
    evidence_sha256: str


@dataclass(frozen=True)
class Trained:
    """A model ready for production: the candidate, the labelled rows and days it was fitted on, and its metrics."""

    candidate: Candidate
    fitted_on: Prepared
    windows: tuple[Window, ...]
    metrics: dict[str, Any]


def build_bundle(job: Job, trained: Trained) -> Bundle:
    """The model with the profile of its reference, its metrics and its card."""
    profile = fit_profile(
        job.contract,
        ScoredWindow(trained.fitted_on.applications, trained.fitted_on.labels, trained.candidate.out_of_fold),
        origin="out_of_fold",
        seed=job.policy.drift.seed,
    )
    card = write_card(job.contract, trained.candidate.kind, trained.windows, trained.metrics)
    customers = remember_customers(trained.fitted_on.keys)
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
        return Champion(read_version(connection, name, version), bundle)


@stage("first_champion", lambda champion: describe_model(champion.model))
def train_first_champion(job: Job, reference: Window) -> Champion:
    """Cold start: a model of the reference goes into production, unless another run has put one there meanwhile.

    Of two first runs at once the second waits for the first, and uses its champion: two models of the same days are
    not to be trained, nor is the second run to fail for having been slower.
    """
    with wait_for_turn(job):
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

    Raises FirstChampionError where the reference is unfit or the model is poor.
    """
    prepared = _extract_reference(job, reference)
    training = train_candidates(job.contract, split_by_time(prepared, job.policy.train), [], job.policy.train)
    metrics = measure_training(job, training)
    _refuse_poor_model(job, metrics)
    labelled = prepared.take(prepared.is_labelled)
    deployed = fit_candidate(job.contract, training.chosen.kind, labelled, job.policy.train)
    return Trained(deployed, labelled, (reference,), metrics | {"fitted_rows": len(labelled)})


def describe_model(model: ModelVersion) -> str:
    """A model in a few words."""
    kind, auc = model.kind.replace("_", " "), model.metrics["test"]["auc"]
    return f"version {model.version}, {kind}, test AUC {auc:.3f}"


def measure_training(job: Job, training: Training) -> dict[str, Any]:
    """The chosen candidate on the judging days and on its own training rows, as plain JSON values.

    Judging rows of customers that it was fitted on are left out.
    """
    contract, policy = job.contract, job.policy.promotion
    pipeline, fitted = training.chosen.pipeline, training.fitted_on
    judged, left_out = leave_out(training.split.test, remember_customers(fitted.keys))
    scores = score(pipeline, judged.applications)
    reliability = measure_reliability(judged.labels, scores, policy.confidence)
    segments = measure_segments(cut_segments(contract, judged.applications), judged.labels, scores, policy)
    decisions = {"the lender": judged.labels == 1, "the model": scores >= THRESHOLD}
    approval = measure_approval(contract, judged.applications, decisions, policy.confidence)
    return {
        "fitted_rows": len(fitted),
        "judged_on": f"{judged.days.min()} to {judged.days.max()}" if len(judged) else "no days",
        "left_out": left_out,
        "test": asdict(measure_performance(judged.labels, scores)),
        "confidence": policy.confidence,
        "intervals": measure_intervals(judged.labels, scores, THRESHOLD, policy.confidence),
        "training": asdict(measure_performance(fitted.labels, score(pipeline, fitted.applications))),
        "candidates": {kind: {"validation_auc": auc} for kind, auc in training.validation_auc.items()},
        "calibration_error": measure_calibration_error(reliability),
        "reliability": [asdict(band) for band in reliability],
        "segments": [asdict(segment) for segment in segments],
        "approval": [asdict(group) for group in approval],
    }


def leave_out(rows: Prepared, *known: Customers) -> tuple[Prepared, int]:
    """The rows whose customer none of the models was fitted on, and how many were left out."""
    is_new = ~np.any([customers.contains(rows.keys) for customers in known], axis=0)
    return rows.take(is_new), int((~is_new).sum())


def _extract_reference(job: Job, reference: Window) -> Prepared:
    extract = extract_window(connect(job.database), job.contract, reference)
    findings = measure_quality(job.contract, extract, job.policy.quality)
    if not is_fit(findings):
        told = " ".join(finding.sentence for finding in findings if finding.verdict is Verdict.FAIL)
        raise FirstChampionError(
            f"There is no champion yet, and none can be trained on the reference {reference}: {told} "
            "Choose other days with --reference-start and --reference-end."
        )
    return prepare(job.contract, extract.applications)


def _refuse_poor_model(job: Job, metrics: dict[str, Any]) -> None:
    limits = job.policy.promotion
    test, training = metrics["test"]["auc"], metrics["training"]["auc"]
    if test is None:
        raise FirstChampionError(
            "The last days of the reference hold one decision only. Choose a longer reference window."
        )
    if test < limits.minimum_auc:
        raise FirstChampionError(
            f"The first model reaches an AUC of {test:.3f} on the last days of the reference; the floor is "
            f"{limits.minimum_auc:.2f}. Choose a longer reference window, or look at the columns in the contract."
        )
    if training is not None and training - test > limits.maximum_gap:
        raise FirstChampionError(
            f"The first model's AUC falls from {training:.3f} in training to {test:.3f}, by more than "
            f"{limits.maximum_gap:.2f}. Choose a longer reference window."
        )
