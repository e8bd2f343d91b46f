"""Announce: what a command has changed in production is reported in Slack, and to the automations of a server.

What is in production stays so, whether anybody hears of it or not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from blocks.postgres.connect import Database
from blocks.prefect_server import find_fault, find_server
from tasks.alerts.production import report_production
from tasks.prefect_ui.events import emit_promotion
from tasks.registry.entries import Entry
from tasks.registry.promote import Promotion


def report_change(database: Database, row: Promotion | Entry) -> tuple[str, str]:
    """Report a row of the ledger in Slack.

    Returns what became of the message ("" where it was told before), and why the configured Prefect server, which knows
    the Slack block, is out of reach ("" where it is not, or where none is configured).
    """
    fault = (find_fault() if find_server() else None) or ""
    return report_production(database, row, can_deliver=not fault), fault


def announce_promotion(database: Database, row: Promotion, scoring: Mapping[str, Any]) -> None:
    """Report a promotion in Slack, and let the automations of a configured Prefect server know.

    `scoring` are the parameters of the run of `score` that one of the automations starts.
    """
    console = Console(stderr=True, highlight=False)
    said, fault = report_change(database, row)
    if said:
        console.print(f"alert: {said}", markup=False, soft_wrap=True)
    if fault:
        warning = f"note: no automation was notified, as {fault} Score with `python -m flows.score`."
        console.print(warning, markup=False, soft_wrap=True)
    elif find_server():
        emit_promotion(row, scoring)
