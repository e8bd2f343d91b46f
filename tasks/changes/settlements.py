"""Settlements: a committee accepts a change that a run found, or opens it again; each with a row of the ledger.

An acknowledgement says that a person has seen what a run found. It changes no verdict and no row of the ledger.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection

from blocks.errors import UsageError
from tasks.changes.past_runs import ACCEPT, SEEN, name_families
from tasks.core.findings import Verdict, read_finding
from tasks.core.wording import join_list
from tasks.registry.entries import read_ledger
from tasks.registry.promote import Promotion, hash_evidence, promote
from tasks.registry.versions import find_current
from tasks.schema.queries import read_query


class SettlementError(UsageError):
    """There is no such change to accept or to open again."""


@dataclass(frozen=True)
class FoundChange:
    """A change that a run found or knew of: its family, its verdict, and the sentence that says most."""

    family: str
    verdict: Verdict
    sentence: str


@dataclass(frozen=True)
class Request:
    """What a person wants: `accept` or `reopen` of a family's change that the run has found; who, and why."""

    job_id: str
    family: str
    action: str
    who: str
    why: str


def list_changes(connection: Connection, contract: str, job_id: str | None = None) -> tuple[str, list[FoundChange]]:
    """A run's changes, alarms and known ones; by default the latest run's that has any.

    Returns
    -------
    tuple of str and list of FoundChange
        The run, and one entry for each family.

    Raises
    ------
    SettlementError
        Where no run has found a change, or the run named has not.
    """
    asked = {"contract": contract, "job_id": job_id}
    rows = connection.execute(read_query("changes/found"), asked).all()
    if not rows:
        if job_id is None:
            raise SettlementError(f"No run of {contract} has found a change. `python -m flows.history` lists all runs.")
        raise SettlementError(
            f"Run {job_id} has found no change. `python -m flows.settle` lists those of the latest run that has."
        )
    changes: dict[str, FoundChange] = {}
    for row in rows:
        finding = read_finding(row.details)
        for family in name_families(finding):
            changes.setdefault(family, FoundChange(family, finding.verdict, finding.sentence))
    return rows[0].job_id, list(changes.values())


def settle(connection: Connection, contract: str, job_id: str, request: Request) -> Promotion:
    """Record what a person says of a change, in one transaction with a row of the ledger.

    An accepted change has the level of the run's window from now on, and no challenger is trained for it again. One
    that is open again raises an alarm in the next window that still shows it.

    Parameters
    ----------
    connection : Connection
        In a transaction of the caller's.
    contract, job_id : str
        Whose change, and the name of this action for the ledger.
    request : Request
        The change, what is said of it, who says so, and why.

    Returns
    -------
    Promotion
        The row of the ledger. The champion stays.

    Raises
    ------
    SettlementError
        Where the run has not found that change, no model is in production, or nobody and no reason is named.
    """
    if not request.who or not request.why:
        raise SettlementError("Say who decides and why, with --who and --why: both go into the ledger.")
    run, changes = list_changes(connection, contract, request.job_id)
    families = [change.family for change in changes]
    if request.family not in families:
        raise SettlementError(
            f"Run {run} has found no change called {request.family!r}. Its changes are {join_list(families)}."
        )
    current = find_current(connection, contract)
    if current is None:
        raise SettlementError(f"No model for {contract} is in production, so no change is open.")
    said = {"contract": contract, **asdict(request)}
    connection.execute(read_query("changes/add_settlement"), said)
    verb = "Accepted" if request.action == ACCEPT else "Opened again"
    why = f"{verb} by {request.who}: the change of {request.family} found by run {run}. {request.why}"
    effective = read_ledger(connection, contract)[-1].effective_from
    row = Promotion(contract, job_id, effective, current, current, why, hash_evidence(said))
    promote(connection, row)
    return row


def acknowledge(connection: Connection, contract: str, job_id: str | None, who: str, why: str) -> str:
    """Record that a person has seen what a run found, or that it failed; returns the run.

    Parameters
    ----------
    connection : Connection
        In a transaction of the caller's.
    contract, job_id : str
        The run; None for the latest one that found a change.
    who, why : str
        Who has seen it, and a comment. The history shows both.

    Raises
    ------
    SettlementError
        Where there is no such run, or nobody and no comment is named.
    """
    if not who or not why:
        raise SettlementError("Say who has seen it, and a comment, with --who and --why: the history shows both.")
    run = job_id or list_changes(connection, contract)[0]
    if connection.execute(read_query("changes/find_run"), {"contract": contract, "job_id": run}).scalar() is None:
        raise SettlementError(f"There is no run {run} of {contract}. `python -m flows.history` lists all runs.")
    said = {"contract": contract, "job_id": run, "family": "", "action": SEEN, "who": who, "why": why}
    connection.execute(read_query("changes/add_settlement"), said)
    return run
