"""Ripening: the ripe days of a window, or of the days that a model is trained on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
from sqlalchemy import Engine

from blocks.postgres.connect import connect
from tasks.contract.contract import Contract
from tasks.core.arrays import pick_rows
from tasks.core.windows import Window
from tasks.extract.held_days import find_held_days
from tasks.job.job import Job
from tasks.job.stage import stage
from tasks.models.preprocess import Prepared
from tasks.models.read_window import prepare_reading, read_job_window
from tasks.models.refused import find_refused
from tasks.profile.profile import Profile
from tasks.quality.ripeness import Ripeness, Usual, find_ripeness
from tasks.registry.versions import Champion


@stage("ripeness", lambda ripened: f"{ripened[1].findings[0].effect:.0f} of {ripened[1].window.days} days not ripe")
def keep_ripe_days(job: Job, champion: Champion, prepared: Prepared) -> tuple[Prepared, Ripeness]:
    """The window with the decisions of its ripe days only, and which days these are."""
    return ripen(connect(job.database), job.contract, job.window, prepared, champion.bundle.profile)


def find_ripe_rows(
    engine: Engine, contract: Contract, window: Window, prepared: Prepared, profile: Profile | None = None
) -> Ripeness:
    """The ripeness of a window's rows, against a model's reference; without one the rows speak for themselves.

    Refused applications that will never have an outcome are not waited for. The table is asked for its last day only
    where it matters.
    """
    usual = describe_usual(profile) if profile else None
    waits = np.ones(len(prepared), bool) if prepared.refused is None else ~prepared.refused
    days, labels = pick_rows(prepared.days, waits), pick_rows(prepared.labels, waits)
    ripeness = find_ripeness(contract, window, days, labels, usual=usual)
    if ripeness.is_whole and not contract.label_delay:
        return ripeness
    read_on = _find_read_day(engine, contract, window)
    return find_ripeness(contract, window, days, labels, usual=usual, read_on=read_on)


def ripen(
    engine: Engine, contract: Contract, window: Window, prepared: Prepared, profile: Profile | None = None
) -> tuple[Prepared, Ripeness]:
    """The rows with the labels of their ripe days only, and which days these are."""
    is_given_only = profile.is_given_only if profile else None
    refused = find_refused(contract, prepared.applications, prepared.labels, is_given_only=is_given_only)
    prepared = replace(prepared, refused=refused)
    ripeness = find_ripe_rows(engine, contract, window, prepared, profile)
    return replace(prepared, labels=ripeness.mask(prepared.labels, prepared.days)), ripeness


def read_training_rows(job: Job, champion: Champion, later: tuple[Window, ...] = ()) -> list[Prepared]:
    """The rows of the days that the champion was fitted on, and of later ones, with the labels of ripe days only."""
    return [read_ripe_rows(job, champion, days) for days in (*champion.model.training_windows, *later)]


def read_ripe_rows(job: Job, champion: Champion, days: Window) -> Prepared:
    """The rows of some days with the labels of their ripe days only, by what the champion's reference shows."""
    contract, profile = job.contract, champion.bundle.profile
    rows = prepare_reading(contract, read_job_window(replace(job, window=days), None), profile.told_by)
    return ripen(connect(job.database), contract, days, rows, profile)[0]


def describe_usual(profile: Profile) -> Usual:
    """What a model's reference shows of rows without a decision."""
    rate = profile.positive / max(profile.labelled, 1)
    return Usual(profile.undecided, profile.labelled + profile.undecided, min(rate, 1 - rate))


def _find_read_day(engine: Engine, contract: Contract, window: Window) -> date:
    """The day on which the table stands: of its last application, and not in the future."""
    today = datetime.now(UTC).date()
    held = find_held_days(engine, contract, today)
    return max(window.end, min(held.last, today) if held else window.end)
