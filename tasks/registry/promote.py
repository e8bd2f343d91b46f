"""Promote: put a model into production, in one transaction, on an append-only ledger."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection

from blocks.errors import LoanwatchError
from blocks.postgres.encoding import make_storable
from tasks.core.windows import Window
from tasks.registry.versions import find_current, to_json
from tasks.schema.locks import Lock, lock_until_commit
from tasks.schema.queries import read_query

GENESIS = "0" * 64  # the previous hash of a chain's first row


class PromotionConflictError(LoanwatchError):
    """Another run has changed the champion since this one started."""


@dataclass(frozen=True)
class Promotion:
    """One row of the ledger, before it is chained. A version is None if there was, or will be, no champion."""

    contract: str
    job_id: str
    effective_from: date
    from_version: int | None
    to_version: int | None
    why: str
    evidence_sha256: str


@dataclass(frozen=True)
class NewVersion:
    """A model to register: the location of its bundle, and its training days."""

    contract: str
    job_id: str
    kind: str
    metrics: dict[str, Any]
    artifact: str
    sha256: str
    training_windows: tuple[Window, ...]


def register(connection: Connection, new: NewVersion) -> int:
    """Add a model to the registry as a challenger; returns its version."""
    row = {
        "contract": new.contract,
        "job_id": new.job_id,
        "kind": new.kind,
        "metrics": json.dumps(new.metrics),
        "artifact": new.artifact,
        "sha256": new.sha256,
        "reference_start": new.training_windows[0].start,
        "reference_end": new.training_windows[-1].end,
        "training_windows": to_json(new.training_windows),
    }
    return int(connection.execute(read_query("registry/add_version"), row).scalar_one())


def promote(connection: Connection, promotion: Promotion) -> None:
    """Make `to_version` the champion in place of `from_version` and write the ledger row.

    It runs in the caller's transaction, so that all of it happens or nothing.
    Raises PromotionConflictError where the champion is no longer `from_version`.
    """
    lock_until_commit(connection, Lock.PROMOTION, promotion.contract)
    current = find_current(connection, promotion.contract)
    if current != promotion.from_version:
        raise PromotionConflictError(
            f"The champion was version {promotion.from_version} when this run started and is now version {current}: "
            "another run has promoted a model. Nothing was changed; run again to compare with the new champion."
        )
    for version, state in ((promotion.from_version, "retired"), (promotion.to_version, "champion")):
        if version is not None:
            change = {"contract": promotion.contract, "version": version, "state": state}
            connection.execute(read_query("registry/set_state"), change)
    previous = (
        connection.execute(read_query("registry/last_hash"), {"contract": promotion.contract}).scalar() or GENESIS
    )
    # The hash is one of what will be read again.
    why = make_storable(connection, promotion.why)
    row = {**asdict(promotion), "why": why, "recorded_at": datetime.now(UTC), "previous_hash": previous}
    connection.execute(read_query("registry/add_promotion"), {**row, "row_hash": hash_row(row)})


def retire_champion(connection: Connection, contract: str, why: str) -> bool:
    """Retire the champion because its data was replaced; returns whether there was one."""
    current = find_current(connection, contract)
    if current is None:
        return False
    today = datetime.now(UTC).date()
    promote(connection, Promotion(contract, "load", today, current, None, why, hash_evidence({"why": why})))
    return True


def hash_row(row: dict[str, Any]) -> str:
    """The sha256 of a ledger row and, through `previous_hash`, of all rows before it."""
    chained = {name: value for name, value in row.items() if name not in ("row_hash", "entry")}
    for name, value in chained.items():
        if isinstance(value, datetime):
            chained[name] = value.astimezone(UTC).isoformat(timespec="microseconds")
        elif isinstance(value, date):
            chained[name] = value.isoformat()
    return hash_evidence(chained)


def hash_evidence(evidence: dict[str, Any]) -> str:
    """The sha256 of a record's canonical JSON."""
    canonical = json.dumps(evidence, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()
