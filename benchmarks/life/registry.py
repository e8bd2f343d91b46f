"""Registry: every policy by its name."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.life.loanwatch import Loanwatch
from benchmarks.life.oracle import Oracle
from benchmarks.life.peers import Evidently, NannyML
from benchmarks.life.policies import Policy
from benchmarks.life.previous import Previous
from benchmarks.life.today import Today
from benchmarks.peer_environments import PEERS, list_peers

POLICIES: dict[str, Callable[[], Policy]] = {
    "loanwatch": Loanwatch,
    "today": Today,
    "previous": Previous,
    "evidently": Evidently,
    "nannyml": NannyML,
    "oracle": Oracle,
}
# They take many times as long as the others.
SLOW = ("previous", "evidently", "nannyml")


def list_missing() -> list[str]:
    """The peers whose environments are not made."""
    return [peer for peer in PEERS if peer not in list_peers()]
