"""Backfill alert: one message for a whole backfill; its windows send none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from types import MappingProxyType

from sqlalchemy import Engine

from tasks.alerts.block_kit import Message
from tasks.alerts.deliver import deliver_waiting, make_entry
from tasks.alerts.outbox import add_alert
from tasks.backfill.found import Found, read_found
from tasks.backfill.queue import Replay
from tasks.core.changed_limits import list_changed_limits, tell_changed_limits
from tasks.core.findings import Outcome
from tasks.core.policy import AlertPolicy
from tasks.job.journal import describe_error, log
from tasks.prefect_ui.links import find_flow_run_id, link_history, link_run

GRAVITY = ("not monitored", Outcome.QUALITY_FAILED, Outcome.PROMOTED, Outcome.KEPT, Outcome.UNDECIDED, Outcome.STABLE)


def send_backfill_alert(engine: Engine, contract: str, replays: Sequence[Replay], policy: AlertPolicy) -> str:
    """Report how a backfill ended where the policy asks for it, and deliver what waits; returns what happened to it.

    As with a run, an alert that cannot be sent is no failure.
    """
    try:
        if is_worth_sending(replays, policy):
            message = compose_backfill(contract, replays, policy.shown, read_found(engine, replays[0].backfill))
            add_alert(engine, make_entry(contract, replays[0].backfill, message))
            log.warning("%s\n%s", message.title, message.lead, extra={"stage": "alert", "status": "reported"})
        return deliver_waiting(engine, policy)
    except Exception as error:  # an alert never fails a run, whatever it is
        log.warning("The alert could not be sent: %s", describe_error(error))
        return f"not sent: {describe_error(error)}"


def is_worth_sending(replays: Sequence[Replay], policy: AlertPolicy) -> bool:
    """As for a run: quiet windows are reported only where the policy asks for it."""
    return policy.when_stable or any(describe_end(replay) != Outcome.STABLE for replay in replays)


def compose_backfill(
    contract: str, replays: Sequence[Replay], shown: int, found: Mapping[date, Found] = MappingProxyType({})
) -> Message:
    """How many windows ended how, which they are and what was found in them, the gravest first.

    The alert's id holds the number of attempts: the same request reports again only where something was done again.
    """
    ends: dict[str, list[Replay]] = {}
    for replay in sorted(replays, key=lambda each: GRAVITY.index(describe_end(each))):
        ends.setdefault(describe_end(replay).replace("_", " "), []).append(replay)
    counts = Counter({end: len(windows) for end, windows in ends.items()})
    days = f"{replays[0].window.start} to {replays[-1].window.end}"
    limits = tell_changed_limits(list_changed_limits(replays[0].parameters.get("policy") or {}))
    return Message(
        severity=_grade(ends),
        title=f"{contract} {days}: a backfill has ended",
        lead=f"{len(replays)} windows: {', '.join(f'{count} {end}' for end, count in counts.items())}.",
        lists={
            end.capitalize(): _list(windows, shown, found) for end, windows in ends.items() if end != Outcome.STABLE
        },
        facts={"Backfill": replays[0].backfill, **({"Changed limits": limits} if limits else {})},
        links=_find_links(replays, [replay for windows in ends.values() for replay in windows], found),
        alert_id=f"backfill/{replays[0].backfill}/{sum(replay.attempts for replay in replays)}",
    )


def describe_end(replay: Replay) -> str:
    """The window's outcome, or that it has none."""
    return replay.outcome if replay.state == "finished" else "not monitored"


def _grade(ends: dict[str, list[Replay]]) -> str:
    if {"not monitored", "quality failed"} & set(ends):
        return "critical"
    return "warning" if {"kept", "undecided"} & set(ends) else "info"


def _list(windows: Sequence[Replay], shown: int, found: Mapping[date, Found]) -> list[str]:
    lines = []
    for replay in windows[:shown]:
        said = replay.message or found.get(replay.window.start, Found("")).alarms
        lines.append(f"{replay.window}: {said}" if said else str(replay.window))
    return [*lines, f"and {len(windows) - shown} more"] if len(windows) > shown else lines


def _find_links(
    replays: Sequence[Replay], gravest_first: Sequence[Replay], found: Mapping[date, Found]
) -> dict[str, str]:
    """The run, and the history at the window that ended worst."""
    page, results = link_run(find_flow_run_id()), Path(str(replays[0].parameters.get("results", "results")))
    runs = [found[replay.window.start].job_id for replay in gravest_first if replay.window.start in found]
    anchor = f"#run-{runs[0]}" if runs else ""
    return {**({"Run": page} if page else {}), "History": f"{link_history(results)}{anchor}"}
