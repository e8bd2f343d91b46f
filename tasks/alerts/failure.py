"""Failure: the alert of a run that could not do its work, by the outbox, or directly to Slack without it.

A run that is killed cannot send one: an automation of `deployments/setup.py` does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from blocks.errors import LoanwatchError, UsageError
from blocks.postgres.connect import connect, resolve_database
from tasks.alerts.block_kit import Message, render_message
from tasks.alerts.deliver import deliver_waiting, make_entry
from tasks.alerts.outbox import add_alert
from tasks.alerts.slack import DeliveryStatus, find_sender
from tasks.backfill.queue import UnfinishedError
from tasks.contract.load import load_contract
from tasks.core.policy import AlertPolicy, MonitorPolicy
from tasks.core.run_tags import read_backfill
from tasks.job.journal import describe_error, log
from tasks.prefect_ui.links import link_run
from tasks.prefect_ui.run_names import is_by_hand
from tasks.registry.entries import Entry, read_ledger
from tasks.schema.migrate import prepare_schema
from tasks.schema.queries import read_query


def send_failure_alert(flow: Any, flow_run: Any, state: Any) -> None:
    """For a flow's `on_failure`: alert that it failed and why. Prefect passes these three by name.

    A window of a backfill sends nothing: the backfill names all that failed in one message. Nor does a run that a
    person asked for what makes no sense: the run's state tells that person, and nobody else has to act.
    """
    parameters: Mapping[str, Any] = flow_run.parameters or {}
    if read_backfill(flow_run.tags):
        return
    try:
        error = state.result(raise_on_failure=False)
        if isinstance(error, UnfinishedError) or (isinstance(error, UsageError) and is_by_hand(flow_run)):
            return
        work = describe_work(parameters) or flow_run.name
        message = compose_failure((flow.name, work), flow_run.name, flow_run.id, explain_state(state))
        _tell(message, parameters, flow_run)
    except Exception as error:  # an alert must not hide the failure itself
        log.warning("The failure alert could not be sent: %s", describe_error(error))


def compose_failure(work: tuple[str, str], run_name: str, flow_run_id: UUID, reason: str) -> Message:
    """The message of a failed run. `work` is the flow's name, and what it was to work on."""
    page = link_run(flow_run_id)
    return Message(
        severity="critical",
        title=": ".join((f"{work[0]} failed", work[1])),
        lead=reason,
        lists={},
        facts={"Outcome": "failed", "Prefect run": run_name},
        links={"Run": page} if page else {},
        alert_id=f"{flow_run_id}/failed",
    )


def describe_work(parameters: Mapping[str, Any], window: str = "") -> str:
    """What a run was to work on: its contract and its days, as far as its parameters or its start (`window`) tell.

    Examples
    --------
    >>> describe_work({"contract": "loan_applications", "start": "2024-08-01", "end": "2024-08-31"})
    'loan_applications 2024-08-01 to 2024-08-31'
    """
    start, end, trailing = (parameters.get(name) for name in ("start", "end", "trailing_days"))
    if not window and start and end:
        window = f"{start} to {end}"
    elif not window and trailing:
        window = f"the last {trailing} days"
    return f"{name_contract(parameters)} {window}".strip()


def explain_state(state: Any) -> str:
    """Why a run failed: the message of an error of ours, else only its kind, as it may hold anything."""
    error = state.result(raise_on_failure=False)
    if isinstance(error, LoanwatchError):
        return str(error)
    if isinstance(error, BaseException):
        return f"loanwatch did not expect this: {type(error).__name__}. The run's log has more."
    return "The run's log says why."


def _tell(message: Message, parameters: Mapping[str, Any], flow_run: Any) -> None:
    """Through the outbox; where the database is what failed, straight to Slack."""
    try:
        engine = connect(resolve_database(parameters.get("database")))
        prepare_schema(engine)
        contract = name_contract(parameters)
        with engine.connect() as connection:
            models = explain_models(read_ledger(connection, contract), flow_run.start_time)
            begun = connection.execute(read_query("journal/find_start"), {"flow_run": str(flow_run.id)}).first()
        message = replace(message, lead=f"{message.lead} {models}".strip())
        if begun is not None:
            days = f"{begun.window_start} to {begun.window_end}"
            named = describe_work(parameters, days)
            message = replace(message, title=f"{message.title.partition(': ')[0]}: {named}")
        add_alert(engine, make_entry(contract, str(flow_run.id), message))
    except Exception as error:
        log.warning("The outbox cannot be used (%s): posting to Slack directly", describe_error(error))
        sender = find_sender()
        answer = sender(render_message(message), AlertPolicy().timeout_seconds) if sender else None
        if answer is not None and answer.fate is not DeliveryStatus.DELIVERED:
            log.warning("Slack: %s", answer.said)
        return
    deliver_waiting(engine, read_policy(parameters.get("policy")))


def explain_models(ledger: Sequence[Entry], since: datetime | None) -> str:
    """Whether a model has gone into production since the run began; nothing where it never did."""
    if since is None:
        return ""
    promoted = [f"version {row.to_version}" for row in ledger if row.recorded_at >= since and row.to_version]
    if not promoted:
        return "The deployed model is untouched."
    return f"Put into production since it began: {', '.join(promoted)}."


def name_contract(parameters: Mapping[str, Any]) -> str:
    """The contract's name, also where its file was named; what was named where there is no such contract."""
    named = str(parameters.get("contract", "loan_applications"))
    try:
        return load_contract(named).name
    except LoanwatchError:
        return named


def read_policy(given: Any) -> AlertPolicy:
    """The alert limits among a run's parameters; the defaults where they are what failed."""
    try:
        return MonitorPolicy.model_validate(given or {}).alerts
    except ValueError:
        return AlertPolicy()
