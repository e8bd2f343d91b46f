"""Self-checks: what random splits of a version's reference have shown, one record for each version."""

from __future__ import annotations

from sqlalchemy import Connection

from tasks.core.self_check import SelfCheck
from tasks.schema.queries import read_query


def save_self_check(connection: Connection, contract: str, job_id: str, record: SelfCheck) -> None:
    """Keep the record with its version; a record that is there already stays."""
    row = {"contract": contract, "version": record.version, "job_id": job_id, "record": record.model_dump_json()}
    connection.execute(read_query("registry/add_self_check"), row)


def find_self_check(connection: Connection, contract: str, version: int) -> SelfCheck | None:
    """The record of a version, if any."""
    asked = {"contract": contract, "version": version}
    record = connection.execute(read_query("registry/self_check"), asked).scalar()
    return None if record is None else SelfCheck.model_validate(record)
