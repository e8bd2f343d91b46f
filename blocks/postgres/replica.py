"""Replica: a copy of the database that a cluster's workers read from, so that the database itself need not serve them.

PostgreSQL's hot standby can share its snapshots among connections to it. All of them, that of the run too, must reach
the same one: an address that leads to any of several replicas is none.
"""

from __future__ import annotations

from blocks.environment import read_environment
from blocks.postgres.connect import Database, is_block_registered

ENDING = "-replica"  # of the block, behind the name of the database's own


def find_replica(database: Database) -> Database:
    """Where a database's rows are read: its replica where one is named beside it, else the database itself."""
    if database.kind == "environment" and read_environment().replica_url:
        return Database("replica")
    if database.kind == "block" and is_block_registered(database.name + ENDING):
        return Database("block", database.name + ENDING)
    return database
