"""Events that a run sends to Prefect, for automations: loanwatch.drift.detected, .model.promoted, .quality.failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prefect.events import emit_event

from blocks.postgres.connect import Database, connect
from tasks.contract.contract import SHIPPED, Contract
from tasks.core.findings import DRIFT_QUESTIONS, Finding, Outcome, Verdict, summarise
from tasks.core.policy import MonitorPolicy
from tasks.core.windows import Window
from tasks.job.job import Job
from tasks.job.journal import describe_error, log
from tasks.job.run_result import RunResult
from tasks.prefect_ui.event_names import DRIFT, PROMOTED, QUALITY, RESOURCE
from tasks.registry.entries import Entry, read_ledger
from tasks.registry.promote import Promotion

MOST_FINDINGS = 20


@dataclass(frozen=True)
class Event:
    """One event, before it is sent: plain JSON values."""

    name: str
    payload: dict[str, Any]


def describe_scoring(contract: Contract, database: Database, policy: MonitorPolicy) -> dict[str, Any]:
    """The parameters with which `score` looks at the same table and decides by the same cut-off; no secret.

    A database that the environment names is in the worker's environment, too.
    """
    cut_off = policy.cut_off.model_dump(mode="json", exclude_defaults=True)
    return {
        "contract": contract.name if contract.file.parent == SHIPPED else str(contract.file),
        "database": database.name if database.kind == "block" else None,
        "policy": {"cut_off": cut_off} if cut_off else None,
    }


def compose_events(result: RunResult, scoring: Mapping[str, Any] | None = None) -> list[Event]:
    """What this run's findings and outcome mean for others. `scoring` are the parameters of a run of `score`."""
    common = _describe_run(result)
    events = []
    if result.outcome is Outcome.QUALITY_FAILED:
        failed = [f for f in result.findings if f.verdict is Verdict.FAIL]
        events.append(Event(QUALITY, {**common, "findings": _shorten(failed)}))
    drifted = [question for question in DRIFT_QUESTIONS if summarise(result.findings, question) is Verdict.FAIL]
    if drifted:
        found = [f for f in result.findings if f.question in drifted and f.verdict is Verdict.FAIL]
        events.append(
            Event(DRIFT, {**common, "questions": [str(name) for name in drifted], "findings": _shorten(found)})
        )
    if result.has_promoted:
        payload = {**common, **_describe_succession(result), "why": result.reason, "scoring": scoring}
        events.append(Event(PROMOTED, payload))
    return events


def emit_events(job: Job, result: RunResult) -> list[Event]:
    """Send the run's events; returns them."""
    events = compose_events(result, describe_scoring(job.contract, job.database, job.policy))
    for event in events:
        _send(result.contract, event)
    return events


def emit_promotions(job: Job) -> None:
    """Send the promotions that a job of another flow than `monitor` has written to the ledger. It never fails a run."""
    try:
        with connect(job.database).connect() as connection:
            rows = [row for row in read_ledger(connection, job.contract.name) if row.job_id == job.job_id]
        for row in rows:
            emit_promotion(row, describe_scoring(job.contract, job.database, job.policy), _describe_window(job.window))
    except Exception as error:  # what is in production is in production, whoever hears of it
        log.warning("The promotion event could not be sent: %s", describe_error(error))


def emit_promotion(row: Promotion | Entry, scoring: Mapping[str, Any], window: Mapping[str, Any] | None = None) -> None:
    """Send one row of the ledger.

    `scoring` are the parameters of a run of `score`; `window` is the days of the job that wrote the row, if it had any.
    """
    names = ("contract", "job_id", "from_version", "to_version", "why")
    common = {"outcome": str(Outcome.PROMOTED), "scoring": dict(scoring), **(window or {})}
    payload = {**{name: getattr(row, name) for name in names}, **common}
    _send(row.contract, Event(PROMOTED, payload))


def _send(contract: str, event: Event) -> None:
    resource = {"prefect.resource.id": f"{RESOURCE}.{contract}", "prefect.resource.name": contract}
    emit_event(event=event.name, resource=resource, payload=event.payload)


def _describe_run(result: RunResult) -> dict[str, Any]:
    return {
        "contract": result.contract,
        "job_id": result.job_id,
        "outcome": str(result.outcome),
        **_describe_window(result.window),
    }


def _describe_window(window: Window) -> dict[str, Any]:
    return {"window_start": window.start.isoformat(), "window_end": window.end.isoformat()}


def _describe_succession(result: RunResult) -> dict[str, Any]:
    return {"from_version": None if result.is_first_champion else result.champion, "to_version": result.champion_after}


def _shorten(findings: list[Finding]) -> list[dict[str, Any]]:
    return [
        {
            "question": str(f.question),
            "check": f.check,
            "subject": f.subject,
            "effect": f.effect,
            "unit": f.unit,
            "limit": f.limit,
            "p_value": f.p_value,
            "sentence": f.sentence,
        }
        for f in findings[:MOST_FINDINGS]
    ]
