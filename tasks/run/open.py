"""Opening: from what was asked for to a job, its champion and its reference, before anything is measured."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from blocks.postgres.connect import connect, resolve_database
from tasks.contract.contract import Contract
from tasks.contract.load import load_contract
from tasks.core.windows import Window
from tasks.demo.fill import fill_demo
from tasks.extract.extract import find_held_days
from tasks.job.job import Job, make_results_folder, measure_start_up, name_job
from tasks.registry.versions import Champion, NoChampionError, find_champion
from tasks.run.days import plan_reference, plan_trailing_window, plan_window, refuse_other_reference
from tasks.run.dead_runs import close_dead_runs
from tasks.run.request import DateOptions, RunRequest
from tasks.schema.migrate import prepare_schema


@dataclass(frozen=True)
class Opening:
    """A job ready to run. `reference` is what the champion was fitted on, or what the first one will be."""

    job: Job
    champion: Champion | None
    reference: Window


def open_job(request: RunRequest, started_at: datetime | None = None) -> Opening:
    """Find the database, prepare our schema, judge_family the days, load the champion and make the results folder.

    Raises a LoanwatchError that says what to do where any of it cannot be.
    """
    started_at = started_at or datetime.now(UTC)
    contract = load_contract(request.contract)
    database = resolve_database(request.database)
    engine = connect(database)
    measure_start_up()
    prepare_schema(engine)
    close_dead_runs(engine)
    fill_demo(engine, database, contract)
    window = _settle_window(request, engine, contract)
    with engine.connect() as connection:
        champion = find_champion(connection, contract.name, window, request.champion)
    if not request.may_promote:
        champion = _forbid_promotion(contract, champion)
    reference = _settle_reference(request.asked, champion, window)
    job_id = name_job(started_at)
    folder = make_results_folder(request.results, job_id)
    kind = "backfill" if request.backfill else "monitor"
    job = Job(job_id, kind, contract, database, window, request.policy, folder, request.models, started_at)
    job = replace(job, champion=request.champion, may_promote=request.may_promote, backfill=request.backfill or "")
    return Opening(job, champion, reference)


def _forbid_promotion(contract: Contract, champion: Champion | None) -> Champion:
    """Raises NoChampionError: a first champion is promoted, which this run may not do."""
    if champion is None:
        raise NoChampionError(
            f"No model for {contract.name} is in production, and this run may not put one there. Run `python -m "
            "flows.monitor` or `python -m flows.train` first, or let this run promote."
        )
    return replace(champion, is_replay=True)


def open_plain_job(request: RunRequest, job_type: str, started_at: datetime) -> Job:
    """A job of another kind than monitoring: no champion is looked up, and the demo is not filled in.

    Without `request.results` the job has no folder of its own.
    """
    contract = load_contract(request.contract)
    database = resolve_database(request.database)
    engine = connect(database)
    prepare_schema(engine)
    window = _settle_window(request, engine, contract)
    job_id = name_job(started_at)
    folder = make_results_folder(request.results, job_id) if request.results else Path()
    return Job(job_id, job_type, contract, database, window, request.policy, folder, request.models, started_at)


def _settle_window(request: RunRequest, engine: Engine, contract: Contract) -> Window:
    asked = request.asked.window
    needs_table = asked is None and request.scheduled_on is None
    held = find_held_days(engine, contract) if needs_table else None
    last_day = held.end if held else None
    if asked is None and request.asked.trailing_days is not None:
        return plan_trailing_window(request.asked.trailing_days, request.scheduled_on, last_day)
    return plan_window(asked, request.scheduled_on, last_day)


def _settle_reference(asked: DateOptions, champion: Champion | None, window: Window) -> Window:
    if champion is None:
        return plan_reference(asked.reference, window)
    refuse_other_reference(asked.reference, champion.model.reference)
    return champion.model.reference
