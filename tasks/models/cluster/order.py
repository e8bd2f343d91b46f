"""Order: what a worker is told about a window, and who may carry it out. Everything in it is a name; nothing is secret.

A worker finds the database, the contract and the champion's bundle by itself.
"""

from __future__ import annotations

import hashlib
import platform
import socket
from dataclasses import dataclass
from pathlib import Path

from blocks.postgres.connect import Database
from tasks.contract.contract import SHIPPED, Contract
from tasks.contract.load import load_contract
from tasks.core.arrays import Keys
from tasks.core.versions import find_version, hash_source
from tasks.core.windows import Window
from tasks.core.wording import join_list
from tasks.models.cluster.errors import OtherWorkerError
from tasks.registry.versions import ModelVersion

# What a measurement depends on to the last digit, and the pickles that are sent.
LIBRARIES = ("numpy", "pandas", "scikit-learn", "scipy", "pyarrow")
SHOWN = 12  # signs of a sum that a message shows


@dataclass(frozen=True)
class Order:
    """What is the same for every part of a window.

    Parameters
    ----------
    database
        Where the rows are read, which may be a replica; each worker looks it up by itself.
    contract, contract_sum
        The name or the file, and the sha256 of it with its queries.
    software
        What the run's own process has, by name.
    window, kept_rows
        The days of the whole window, and how many of its rows are kept in full.
    champion
        The model that scores the rows, with the place and the sum of its bundle; None where there is none yet.
    snapshot
        Of the database, as the run's own transaction sees it.
    undated
        The rows of the table without a readable time, where the contract's own query counts them.
    readers
        How many workers read the database at a time.
    sent_by
        The machine of the run.
    """

    database: Database
    contract: str
    contract_sum: str
    software: dict[str, str]
    window: Window
    kept_rows: int
    champion: ModelVersion | None
    snapshot: str
    undated: int
    readers: int
    sent_by: str


@dataclass(frozen=True, eq=False)
class PartOrder:
    """One part: its place among all, its days, and the hashes of those of its loans that later days have, too.

    `rows` is how many rows the query has to return for these days; None where that is not known.
    """

    place: int
    days: Window
    later: Keys
    rows: int | None = None


def name_contract(contract: Contract) -> str:
    """How `load_contract` finds a contract again: a built-in one by its name, any other one by its file."""
    folder = contract.file.absolute().parent
    return contract.file.stem if folder.parent == SHIPPED.parent.absolute() else str(contract.file.absolute())


def sum_contract(contract: Contract) -> str:
    """The sha256 of a contract's file and of its queries."""
    digest = hashlib.sha256()
    for file in (contract.file, *(contract.find_query(query) for query in contract.queries)):
        digest.update(f"{file.name}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def read_software() -> dict[str, str]:
    """What a measurement depends on: loanwatch, its own files, and the libraries."""
    own = {"loanwatch": find_version("loanwatch"), "loanwatch's files": hash_source()[:SHOWN]}
    return own | {"Python": platform.python_version()} | {name: find_version(name) for name in LIBRARIES}


def open_contract(order: Order) -> Contract:
    """The contract of an order as this process has it.

    Raises OtherWorkerError where it is another one, or this process has other software than the run.
    """
    refuse_other_software(order)
    contract = load_contract(order.contract)
    if (found := sum_contract(contract)) != order.contract_sum:
        raise OtherWorkerError(
            f"its contract {contract.file} is not that of the run on {order.sent_by}: the sha256 of the file and its "
            f"queries is {found[:SHOWN]}…, there {order.contract_sum[:SHOWN]}…. Give both the same contract with the "
            "same queries, and run it again."
        )
    return contract


def refuse_other_software(order: Order) -> None:
    """Raises OtherWorkerError where this process has other software than the run."""
    found = read_software()
    others = [
        f"{name} {found[name]} (there {wanted})" for name, wanted in order.software.items() if found[name] != wanted
    ]
    if others:
        raise OtherWorkerError(
            f"its software is not that of the run on {order.sent_by}: {join_list(others)}. Set up both alike, restart "
            "the workers, and run it again."
        )


def find_here() -> str:
    """The name of this machine, for messages."""
    return socket.gethostname() or str(Path.cwd())
