"""Serving: the model in production, kept in memory and replaced when another one is promoted."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import date, datetime
from threading import Lock

import numpy as np
import pandas as pd
from sqlalchemy.exc import SQLAlchemyError

from blocks.errors import LoanwatchError
from blocks.postgres.connect import Database, connect
from tasks.contract.contract import Contract
from tasks.core.arrays import Floats
from tasks.core.policy import CutOffPolicy
from tasks.models.cut_off import find_threshold
from tasks.models.scoring import decide_loans, score
from tasks.profile.bins import MISSING
from tasks.profile.profile import Profile
from tasks.registry.versions import Champion, find_current, load_current
from tasks.schema.queries import read_query

REASONS = 3

log = logging.getLogger("uvicorn.error")  # the server's own log


@dataclass(frozen=True)
class Reason:
    """A column, and the change of the probability if its value were the reference's middle value."""

    column: str
    change: float


@dataclass(frozen=True)
class Answer:
    """The model's prediction for one application."""

    probability: float
    decision: str
    threshold: float
    reasons: tuple[Reason, ...]


class Serving:
    """Holds the champion, and checks the registry for a new one every `patience` seconds at most.

    If the registry does not respond or a new bundle is damaged, the current model continues to serve, with a log entry.
    """

    def __init__(self, database: Database, contract: Contract, patience: float) -> None:
        self._database, self.contract, self._patience = database, contract, patience
        self._champion: Champion | None = None
        self._asked_at = -np.inf
        self._lock = Lock()

    def find_champion(self) -> Champion:
        """The model in production. Raises a LoanwatchError where there is none that can be loaded."""
        with self._lock:
            if self._champion is None or time.monotonic() - self._asked_at >= self._patience:
                try:
                    self._follow()
                except (LoanwatchError, SQLAlchemyError) as error:
                    if self._champion is None:
                        raise
                    reason = str(error) if isinstance(error, LoanwatchError) else type(error).__name__
                    log.error("Version %s continues to serve: %s", self._champion.model.version, reason)
                self._asked_at = time.monotonic()
            return self._champion  # type: ignore[return-value]  # _follow sets it or raises

    def find_milestones(self) -> tuple[datetime | None, date | None]:
        """When a model was last put into production, and the last day of the latest monitored window."""
        named = {"contract": self.contract.name}
        with connect(self._database).connect() as connection:
            promoted = connection.execute(read_query("registry/last_promotion"), named).scalar_one()
            return promoted, connection.execute(read_query("journal/last_window"), named).scalar_one()

    def _follow(self) -> None:
        with connect(self._database).connect() as connection:
            current = find_current(connection, self.contract.name)
            if self._champion is None or current != self._champion.model.version:
                self._champion = load_current(connection, self.contract.name)
                log.info("Version %s is serving.", self._champion.model.version)


def answer(
    contract: Contract, policy: CutOffPolicy, champion: Champion, applications: pd.DataFrame
) -> list[Answer | None]:
    """Probability, decision and the three strongest reasons for each application; None where an imported model gives
    it no number, so that there is nothing to decide by.
    """
    if applications.empty:
        return []
    threshold = find_threshold(contract, policy, champion.bundle)
    names = list(applications.columns)
    middles = find_middles(champion.bundle.profile)
    variants = [applications.assign(**{name: middles[name]}) for name in names]
    scores = score(champion.bundle.scorer, pd.concat([applications, *variants], ignore_index=True))
    rows = scores.reshape(len(names) + 1, len(applications))
    decisions = decide_loans(contract, rows[0], threshold)
    return [
        None
        if np.isnan(rows[0, place])
        else Answer(
            float(rows[0, place]), str(decisions[place]), threshold, _rank(names, rows[1:, place] - rows[0, place])
        )
        for place in range(len(applications))
    ]


def find_middles(profile: Profile) -> dict[str, float | str | None]:
    """The reference's middle value of each column: the median where values have an order, else the most common one."""
    return {
        bins.name: bins.decode(np.array([_find_middle(counts, bins.is_ordered)])).iloc[0]
        for bins, counts in zip(profile.columns, profile.counts, strict=True)
    }


def _find_middle(counts: np.ndarray[tuple[int], np.dtype[np.int64]], is_ordered: bool) -> int:
    known = counts.copy()
    known[MISSING] = 0
    if not known.any():
        return MISSING
    if not is_ordered:
        return int(np.argmax(known))
    return int(np.searchsorted(np.cumsum(known), known.sum() / 2))


def _rank(names: list[str], changes: Floats) -> tuple[Reason, ...]:
    strongest = np.argsort(-np.abs(changes), kind="stable")[:REASONS]
    return tuple(Reason(names[place], float(changes[place])) for place in strongest)
