"""Watch: which model a window is monitored against, where the table holds scores of the lender's own model."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from blocks.postgres.connect import connect
from tasks.contract.contract import Contract
from tasks.core.findings import Finding, Question, Verdict
from tasks.core.model_names import name_external
from tasks.core.policy import DriftPolicy
from tasks.core.windows import Window, months_before
from tasks.extract.extract import Extract
from tasks.foreign.model import ScoreColumn
from tasks.foreign.score_column import make_score_column
from tasks.foreign.score_quality import measure_score_quality
from tasks.foreign.versions import choose_version, count_versions, report_versions
from tasks.job.job import Job
from tasks.job.stage import stage
from tasks.models.preprocess import Prepared
from tasks.promotion.adopt import adopt_first, prepare_adoption, read_adoption
from tasks.promotion.first_champion import train_first_champion
from tasks.promotion.install import Succession, install
from tasks.promotion.training_lock import wait_for_training_lock
from tasks.registry.promote import Promotion, hash_evidence, promote
from tasks.registry.self_checks import find_self_check
from tasks.registry.versions import Champion, ModelVersion, describe_model, find_current, list_versions, load_model


def choose_champion(job: Job, found: Champion | None, reference: Window, extract: Extract) -> Champion:
    """The model that the window is monitored against.

    Parameters
    ----------
    job : Job
        With the version that was asked for, if any.
    found : Champion or None
        The one that was in production before the window.
    reference : Window
        The days of a first champion's reference.
    extract : Extract
        The window, whose scores say which version gave them.

    Returns
    -------
    Champion
        A first one is trained, or adopted where the table holds scores. Where another version of the lender's own model
        gives the scores, that one.
    """
    if job.contract.score is None:
        return found or train_first_champion(job, reference)
    counts = count_versions(job.contract, extract.every_row)
    watched = choose_version(counts, job.model_version)
    if found is None:
        return adopt_first(job, reference, watched)
    external = found.model.external
    if external is None or watched is None or external["version"] == watched or job.champion is not None:
        return found
    return follow_version(job, found, watched)


def check_scores(job: Job, champion: Champion, extract: Extract) -> list[Finding]:
    """What is to be said of the scores themselves; nothing of a model of loanwatch's."""
    scorer = champion.bundle.scorer
    if not isinstance(scorer, ScoreColumn):
        return []
    applications, auc = extract.every_row, champion.bundle.profile.auc
    return [
        *report_other_model(job.contract, champion.model),
        *report_versions(job.contract, count_versions(job.contract, applications), scorer.version),
        *measure_score_quality(job.contract, scorer, applications, auc, job.policy.quality),
    ]


def report_other_model(contract: Contract, model: ModelVersion) -> list[Finding]:
    """A note where the contract names another model than the one that was adopted."""
    stated, adopted = contract.lender_model, model.external or {}
    is_version_same = contract.model_version is not None or (stated and stated.version == adopted.get("version"))
    if stated is None or (stated.name == adopted.get("name") and is_version_same):
        return []
    named = name_external({"name": stated.name, "version": stated.version, "owner": stated.owner})
    sentence = (
        f"The contract names {named}, and version {model.version} in production was adopted as {model.title}: windows "
        "are compared with its reference. If another model gives the scores now, tell the two apart by a column with "
        "the role model_version."
    )
    return [Finding(Question.QUALITY, "model_name", Verdict.WARN, sentence)]


@stage("model_version", lambda champion: champion.silence or describe_model(champion.model))
def follow_version(job: Job, found: Champion, version: str) -> Champion:
    """Another version gives the scores: it is watched by itself, and takes over in the ledger where it may.

    A version that is known already is taken as it was. Any other one needs enough days with outcomes before the window;
    until then its scores are held against nothing.
    """
    takes_over = not found.is_replay and job.may_promote and job.model_version is None
    with wait_for_training_lock(job):
        known = _find_known(job, version)
        if known is not None:
            return _return_to(job, found, known, takes_over=takes_over)
        scorer, adoption = make_score_column(job.contract, version), read_adoption(job, list_days_before(job))
        rows = count_judged(scorer, adoption.rows)
        if not is_enough(rows, job.policy.drift):
            return _silence(found, version, rows, job.policy.drift)
        since = find_first_score(scorer, adoption.rows)
        if since > adoption.days.start:
            adoption = read_adoption(job, Window(since, adoption.days.end))
        ready = prepare_adoption(job, adoption, version)
        why = (
            f"{name_external(ready.bundle.metrics['external'])} scores since {adoption.days.start}. Windows are "
            f"compared with {adoption.days}; nothing was trained."
        )
        effective, evidence = adoption.days.end + timedelta(days=1), hash_evidence(ready.bundle.metrics)
        current = found.model.version
        return install(job, ready, Succession(effective, current, why, evidence) if takes_over else None)


def list_days_before(job: Job) -> Window:
    """The days before the window, six full months at most, on which the lender's own model may be watched."""
    start, last = months_before(job.window).start, job.window.start - timedelta(days=1)
    model = job.contract.lender_model
    first = None if model is None else model.first_watchable
    return Window(start if first is None else min(max(start, first[0]), last), last)


def find_first_score(scorer: ScoreColumn, rows: Prepared) -> date:
    """The first day on which the version has scored."""
    day: date = rows.days[~np.isnan(scorer.read_own(rows.applications))].min().astype(object)
    return day


def count_judged(scorer: ScoreColumn, rows: Prepared) -> tuple[int, int]:
    """How many rows with a score of the version have the negative label, and how many the positive one."""
    labels = rows.labels[~np.isnan(scorer.read_own(rows.applications))]
    return int((labels == 0).sum()), int((labels == 1).sum())


def is_enough(rows: tuple[int, int], policy: DriftPolicy) -> bool:
    """Whether a reference with so many rows of each label allows to judge concept and model."""
    return sum(rows) >= policy.minimum_rows and min(rows) >= policy.minimum_of_each


def _silence(found: Champion, version: str, rows: tuple[int, int], policy: DriftPolicy) -> Champion:
    """The champion's reference for applicants and labels; the new version's scores are held against nothing."""
    scorer, external = found.bundle.scorer, found.model.external or {}
    if isinstance(scorer, ScoreColumn):
        scorer = replace(scorer, version=version)
    silence = (
        f"Version {version} of {external.get('name')} gives the scores. Before the window {sum(rows):,} applications "
        f"with its score have an outcome ({rows[1]:,} of them positive); to compare with, at least "
        f"{policy.minimum_rows:,} are needed, and {policy.minimum_of_each:,} of each outcome."
    )
    return replace(found, bundle=replace(found.bundle, scorer=scorer), silence=silence)


def _find_known(job: Job, version: str) -> ModelVersion | None:
    """The latest registered model of that version that was not compared with days of the window."""
    with connect(job.database).connect() as connection:
        models = list_versions(connection, job.contract.name)
    known = [model for model in models if (model.external or {}).get("version") == version]
    apart = [model for model in known if not any(days.overlaps(job.window) for days in model.training_windows)]
    return apart[-1] if apart else None


def _return_to(job: Job, found: Champion, model: ModelVersion, *, takes_over: bool) -> Champion:
    """A version that is registered already, back in production where this run may say so."""
    name = job.contract.name
    with connect(job.database).begin() as connection:
        self_check, bundle = find_self_check(connection, name, model.version), load_model(model)
        is_current = find_current(connection, name) == model.version
        if takes_over and not is_current:
            why = f"{name_external(model.external or {})} scores again since {job.window.start}."
            evidence = hash_evidence({"why": why, "sha256": model.sha256})
            row = Promotion(name, job.job_id, job.window.start, found.model.version, model.version, why, evidence)
            promote(connection, row)
        return Champion(model, bundle, is_replay=not (takes_over or is_current), self_check=self_check)
