"""Serving: the model in production, kept in memory and replaced when another one is promoted."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import date, datetime
from functools import cached_property
from threading import Lock

import numpy as np
from sqlalchemy.exc import SQLAlchemyError

from blocks.errors import LoanwatchError
from blocks.postgres.connect import Database, connect
from deployments.api.rows import make_frame
from tasks.contract.contract import Contract
from tasks.core.arrays import Floats
from tasks.core.policy import CutOffPolicy
from tasks.models.cut_off import CutOff, find_cut_off
from tasks.models.direct_scoring import DirectScorer, lay_out, score_replaced
from tasks.models.fitted_steps import UnknownStepError
from tasks.models.matrix_rows import Values
from tasks.profile.bins import MISSING
from tasks.profile.profile import Profile
from tasks.registry.versions import Champion, find_current, load_current
from tasks.schema.queries import read_query

log = logging.getLogger("uvicorn.error")  # the server's own log

# Rows of the reference on which a model's arrays are compared with the model itself.
CHECKED_ROWS = 50


class Served:
    """The champion with what is computed once for all requests."""

    def __init__(self, champion: Champion, contract: Contract, policy: CutOffPolicy) -> None:
        self.champion, self.names = champion, tuple(column.name for column in contract.features)
        self._contract, self._policy = contract, policy
        self._middles = find_middles(champion.bundle.profile)
        self._direct = self._lay_out()

    @cached_property
    def cut_off(self) -> CutOff:
        """Where the two decisions part. Raises CutOffError."""
        return find_cut_off(self._contract, self._policy, self.champion.bundle)

    @property
    def threshold(self) -> float:
        """The probability from which the decision is the positive one. Raises CutOffError."""
        return self.cut_off.threshold

    @property
    def is_quick(self) -> bool:
        """Whether one application is scored within a millisecond or two."""
        return self._direct is not None

    def score(self, values: Mapping[str, Values]) -> Floats:
        """The probabilities of the applications, then with each of the features replaced by its middle value.

        Features and one more × applications; NaN where an imported model gives no number.
        """
        if self._direct is not None and self._direct.is_fast(values):
            return self._direct.score(values)
        return score_replaced(self.champion.bundle.scorer, make_frame(self._contract, values), self._middles)

    def _lay_out(self) -> DirectScorer | None:
        profile = self.champion.bundle.profile
        sample = profile.decode(profile.codes[:CHECKED_ROWS])
        try:
            return lay_out(self.champion.bundle.scorer, self._middles, sample[list(self.names)])
        except (KeyError, UnknownStepError) as error:
            log.info("Version %s is scored by frames, which takes longer: %s", self.champion.model.version, error)
            return None


class Serving:
    """Holds the champion, and checks the registry for a new one every `patience` seconds at most.

    If the registry does not respond or a new bundle is damaged, the current model continues to serve, with a log entry.
    """

    def __init__(self, database: Database, contract: Contract, policy: CutOffPolicy, patience: float) -> None:
        self._database, self.contract, self._policy, self._patience = database, contract, policy, patience
        self._served: Served | None = None
        self._asked_at = -np.inf
        self._lock = Lock()

    def peek(self) -> Served | None:
        """The model in production if that is known without asking: this never waits."""
        return self._served if time.monotonic() - self._asked_at < self._patience else None

    def find(self) -> Served:
        """The model in production. Raises a LoanwatchError where there is none that can be loaded.

        While one request asks, the others are served by the model that is known.
        """
        known = self._served
        if not self._lock.acquire(blocking=known is None) and known is not None:
            return known
        try:
            return self.peek() or self._ask()
        finally:
            self._lock.release()

    def _ask(self) -> Served:
        try:
            served = self._follow()
        except (LoanwatchError, SQLAlchemyError) as error:
            if self._served is None:
                raise
            served, reason = self._served, str(error) if isinstance(error, LoanwatchError) else type(error).__name__
            log.error("Version %s continues to serve: %s", served.champion.model.version, reason)
        self._served, self._asked_at = served, time.monotonic()
        return served

    def find_milestones(self) -> tuple[datetime | None, date | None]:
        """When a model was last put into production, and the last day of the latest monitored window."""
        named = {"contract": self.contract.name}
        with connect(self._database).connect() as connection:
            promoted = connection.execute(read_query("registry/last_promotion"), named).scalar_one()
            return promoted, connection.execute(read_query("journal/last_window"), named).scalar_one()

    def _follow(self) -> Served:
        with connect(self._database).connect() as connection:
            current = find_current(connection, self.contract.name)
            if self._served is not None and current == self._served.champion.model.version:
                return self._served
            champion = load_current(connection, self.contract.name)
        served = Served(champion, self.contract, self._policy)
        log.info("Version %s is serving.", champion.model.version)
        return served


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
