"""Opening a run: its database is made ready, then its days, its champion and its job are settled."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from blocks.postgres.connect import Database, connect, resolve_database
from tasks.contract.contract import Contract
from tasks.contract.load import load_contract
from tasks.core.cadence import Cadence, find_cadence
from tasks.core.held_days import HeldDays
from tasks.core.policy import MonitorPolicy
from tasks.core.windows import PlanError, Window
from tasks.demo.fill import fill_demo
from tasks.extract.check_queries import check_queries
from tasks.extract.held_days import find_held_days
from tasks.job.job import Job, make_results_folder, measure_start_up, name_job
from tasks.job.journal import log
from tasks.job.start import save_start
from tasks.models.cut_off import find_cut_off
from tasks.prefect_ui.links import find_flow_run_id, link_run
from tasks.quality.times import describe_strays
from tasks.registry.versions import Champion, NoChampionError, find_champion, find_current, read_version
from tasks.run.days import (
    plan_reference,
    plan_trailing_window,
    plan_watched_reference,
    plan_window,
    refuse_other_reference,
    refuse_seen_window,
    skip_seen_days,
)
from tasks.run.dead_runs import close_dead_runs
from tasks.run.request import MonitorRequest, TableOptions, WindowOptions
from tasks.schema.migrate import prepare_schema


@dataclass(frozen=True)
class Table:
    """A lender's table that can be read: what it is, and the database that it is in."""

    contract: Contract
    database: Database


@dataclass(frozen=True)
class Days:
    """The window that a run looks at, and the days that the table holds, where it was asked for them."""

    window: Window
    held: HeldDays | None


@dataclass(frozen=True)
class MonitorPlan:
    """A job ready to run. `reference` is what the champion was fitted on, or what the first one will be."""

    job: Job
    champion: Champion | None
    reference: Window


def prepare_database(options: TableOptions) -> Table:
    """Find the database, bring our schema up to date, and let the database prepare the contract's queries.

    Raises a LoanwatchError that says what to do.
    """
    table = _find_table(options)
    check_queries(connect(table.database), table.contract)
    return table


def prepare_monitoring(options: TableOptions) -> Table:
    """The same for a run that monitors: it also closes what dead runs left open, and fills an empty embedded database
    with the demo.
    """
    table = _find_table(options)
    engine = connect(table.database)
    close_dead_runs(engine)
    fill_demo(engine, table.database, table.contract)
    check_queries(engine, table.contract)
    return table


def _find_table(options: TableOptions) -> Table:
    contract, database = load_contract(options.contract), resolve_database(options.database)
    engine = connect(database)
    measure_start_up()
    prepare_schema(engine)
    return Table(contract, database)


def plan_monitoring(
    table: Table, request: MonitorRequest, scheduled_on: date | None, backfill: str = ""
) -> MonitorPlan:
    """Settle the days, load the champion and make the results folder.

    `scheduled_on` is the day of the schedule's slot, None for a run started by hand; `backfill` names the backfill of
    which the run is a window, which then sends the alerts.
    Raises a LoanwatchError that says what to do where any of it cannot be.
    """
    days = plan_days(table, request, request.trailing_days, scheduled_on)
    if request.trailing_days and request.window is None and request.champion is None:
        days = replace(days, window=skip_champions_days(table, days.window))
    refuse_other_versions(table.contract, request)
    champion = load_champion(table, request, days.window)
    if champion is not None:
        find_cut_off(table.contract, request.policy.cut_off, champion.bundle)  # or refuses it
    reference = plan_reference_days(table.contract, request, champion, days.window)
    policy = settle_cadence(request, days.window, is_backfill=bool(backfill))
    job = make_job(table, "backfill" if backfill else "monitor", days, policy)
    job = replace(
        job,
        results=make_results_folder(request.results, job.job_id),
        store=request.models,
        champion=request.champion,
        model_version=request.model_version,
        may_promote=request.may_promote,
        backfill=backfill,
        engine=request.find_engine(),
    )
    flow_run = find_flow_run_id()
    save_start(job, str(flow_run or ""), link_run(flow_run) or "")
    return MonitorPlan(job, champion, reference)


def settle_cadence(request: MonitorRequest, window: Window, *, is_backfill: bool = False) -> MonitorPolicy:
    """The policy with how often such a run looks, where the request does not say it: monthly if nothing else.

    The last days before the present one are looked at daily; a backfill looks once at each of its windows.
    """
    policy = request.policy
    if policy.drift.cadence is not None:
        return policy
    cadence = Cadence.MONTHLY
    if is_backfill:
        cadence = find_cadence(window.days)
    elif request.window is None and request.trailing_days is not None:
        cadence = Cadence.DAILY
    if cadence is Cadence.MONTHLY:
        return policy
    return policy.model_copy(update={"drift": policy.drift.model_copy(update={"cadence": cadence})})


def plan_days(table: Table, options: WindowOptions, trailing_days: int | None, scheduled_on: date | None) -> Days:
    """The window that a run looks at. The table is asked only where neither dates nor a schedule say it."""
    asked = options.window
    needs_table = asked is None and scheduled_on is None
    today = datetime.now(UTC).date()
    held = find_held_days(connect(table.database), table.contract, today) if needs_table else None
    if held is not None and held.strays:
        log.warning(describe_strays(table.contract, held))
    if asked is None and trailing_days is not None:
        return Days(plan_trailing_window(trailing_days, scheduled_on, held), held)
    return Days(plan_window(asked, scheduled_on, held), held)


def skip_champions_days(table: Table, window: Window) -> Window:
    """A trailing window that begins after the days on which the champion in production was fitted."""
    with connect(table.database).connect() as connection:
        current = find_current(connection, table.contract.name)
        if current is None:
            return window
        return skip_seen_days(window, read_version(connection, table.contract.name, current).reference)


def load_champion(table: Table, request: MonitorRequest, window: Window) -> Champion | None:
    """The champion that the window is monitored against; None where a first one has to be trained.

    Raises NoChampionError where there is none and the run may not promote one.
    """
    with connect(table.database).connect() as connection:
        champion = find_champion(connection, table.contract.name, window, request.champion)
    if request.may_promote:
        return champion
    if champion is None:
        raise NoChampionError(
            f"No model for {table.contract.name} is in production, and this run may not put one there. Run `python -m "
            "flows.monitor` or `python -m flows.train` first, or let this run promote."
        )
    return replace(champion, is_replay=True)


def refuse_other_versions(contract: Contract, request: MonitorRequest) -> None:
    """Raises PlanError where a model's version is asked for, and no column says which model gave a score."""
    if request.model_version is not None and contract.model_version is None:
        raise PlanError(
            f"`model_version` cannot be chosen: no column of {contract.name} has the role model_version. Leave it out."
        )


def plan_reference_days(
    contract: Contract, request: MonitorRequest, champion: Champion | None, window: Window
) -> Window:
    """The champion's reference, or the days on which the first champion will be fitted or the lender's own one adopted.

    Raises PlanError where the lender's own model cannot be watched on these days.
    """
    model = contract.lender_model
    if model is not None and (champion is None or champion.model.external):
        refuse_seen_window(window, model)
    if champion is None:
        asked = request.reference
        return plan_reference(asked, window) if model is None else plan_watched_reference(asked, window, model)
    refuse_other_reference(request.reference, champion.model.reference)
    return champion.model.reference


def make_job(table: Table, job_type: str, days: Days, policy: MonitorPolicy) -> Job:
    """A job that starts now; it has no results folder and no model store yet."""
    started_at = datetime.now(UTC)
    return Job(
        name_job(started_at),
        job_type,
        table.contract,
        table.database,
        days.window,
        policy,
        Path(),
        "",
        started_at,
        held=days.held,
    )
