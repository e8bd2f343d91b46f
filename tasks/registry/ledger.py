"""Ledger: which model was in production when, whether the record of it is whole, and the way back."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import Connection

from blocks.errors import LoanwatchError, UsageError
from tasks.registry.bundle import load_bundle
from tasks.registry.entries import Entry, read_ledger
from tasks.registry.promote import GENESIS, Promotion, hash_evidence, hash_row, promote
from tasks.registry.versions import find_current, read_version


class RollbackError(UsageError):
    """There is no such champion to go back to."""


class LedgerError(LoanwatchError):
    """The ledger was changed behind loanwatch's back."""


def verify_ledger(entries: list[Entry], current: int | None) -> list[str]:
    """What is wrong with the chain, one sentence each; nothing where it is whole.

    Every row must have the hash of its own text and of the row before it, follow on the version before it, and the last
    one must name the champion that the registry has.
    """
    faults, previous, version = [], GENESIS, None
    for entry in entries:
        row = asdict(entry)
        if hash_row(row) != entry.row_hash:
            faults.append(f"Row {entry.entry} is not what was written: its text does not have its hash.")
        if entry.previous_hash != previous:
            faults.append(f"Row {entry.entry} does not follow on the row before it: a row was removed or put in.")
        if entry.from_version != version:
            faults.append(
                f"Row {entry.entry} takes version {entry.from_version} out of production; version {version} was in it."
            )
        previous, version = entry.row_hash, entry.to_version
    if version != current:
        faults.append(f"The ledger ends with version {version}; the registry has version {current} in production.")
    return faults


@dataclass(frozen=True)
class Return:
    """What a rollback was asked for. `to` None: the champion before the present one. `why` is a person's reason."""

    to: int | None
    effective_from: date
    why: str = ""


def roll_back(connection: Connection, contract: str, job_id: str, asked: Return) -> Promotion:
    """Put an earlier champion back, as a new row of the ledger; returns what the row says.

    Its bundle is loaded first, so that no damaged model comes into production. Raises RollbackError where there is no
    such champion, BundleError where its bundle is gone or damaged, PromotionConflictError where another run was faster.
    """
    entries = read_ledger(connection, contract)
    current = find_current(connection, contract)
    to = _find_before(entries) if asked.to is None else asked.to
    if to is None:
        raise RollbackError("There is no earlier champion to go back to. `python -m flows.models` lists what there is.")
    if to == current:
        raise RollbackError(f"Version {to} is in production already.")
    model = read_version(connection, contract, to)
    if to not in {entry.to_version for entry in entries}:
        raise RollbackError(f"Version {to} was never in production, so there is no way back to it.")
    load_bundle(model.artifact, model.sha256)
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
