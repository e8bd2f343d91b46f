"""Ledger: which model was in production when, whether the record is intact, and rollback."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import Connection

from blocks.errors import LoanwatchError, UsageError
from tasks.registry.entries import Entry, read_ledger
from tasks.registry.promote import GENESIS, Promotion, hash_evidence, hash_row, promote
from tasks.registry.versions import find_current, load_model, read_version


class RollbackError(UsageError):
    """There is no such champion to roll back to."""


class LedgerError(LoanwatchError):
    """The ledger was changed outside loanwatch."""


def verify_ledger(entries: list[Entry], current: int | None) -> list[str]:
    """The faults of the chain, one sentence each; empty if it is intact.

    Every row must have the hash of its own text and of the previous row, and continue from the previous version. The
    last one must name the registry's champion.
    """
    faults, previous, version = [], GENESIS, None
    for entry in entries:
        row = asdict(entry)
        if hash_row(row) != entry.row_hash:
            faults.append(f"Row {entry.entry} was changed: its text does not match its hash.")
        if entry.previous_hash != previous:
            faults.append(f"Row {entry.entry} does not continue from the previous row: a row was removed or inserted.")
        if entry.from_version != version:
            faults.append(
                f"Row {entry.entry} retires version {entry.from_version}, but version {version} was in production."
            )
        previous, version = entry.row_hash, entry.to_version
    if version != current:
        faults.append(f"The ledger ends with version {version}; the registry has version {current} in production.")
    return faults


@dataclass(frozen=True)
class Return:
    """A requested rollback. `to` None means the previous champion; `why` is a person's reason."""

    to: int | None
    effective_from: date
    why: str = ""


def roll_back(connection: Connection, contract: str, job_id: str, asked: Return) -> Promotion:
    """Restore an earlier champion with a new row of the ledger; returns that row.

    Its bundle is loaded first, so that no damaged model goes into production. Raises RollbackError if there is no such
    champion, BundleError if its bundle is missing or damaged, PromotionConflictError if another run was faster.
    """
    entries = read_ledger(connection, contract)
    current = find_current(connection, contract)
    to = _find_before(entries) if asked.to is None else asked.to
    if to is None:
        raise RollbackError("There is no earlier champion. `python -m flows.models` lists all models.")
    if to == current:
        raise RollbackError(f"Version {to} is already in production.")
    model = read_version(connection, contract, to)
    if to not in {entry.to_version for entry in entries}:
        raise RollbackError(
            f"Version {to} was never in production. `python -m flows.models` lists the models that were."
        )
    load_model(model)
    why = f"Rolled back to version {to}" + (f": {asked.why}" if asked.why else ".")
    evidence = hash_evidence({"why": why, "sha256": model.sha256})
    row = Promotion(contract, job_id, asked.effective_from, current, to, why, evidence)
    promote(connection, row)
    return row


def _find_before(entries: list[Entry]) -> int | None:
    """The champion before the present one: rollbacks are stepped over, so that going back twice goes back two."""
    stack: list[int] = []
    for entry in entries:
        if entry.to_version is None:
            stack.clear()
        elif entry.to_version in stack:
            del stack[stack.index(entry.to_version) + 1 :]
        else:
            stack.append(entry.to_version)
    return stack[-2] if len(stack) > 1 else None
