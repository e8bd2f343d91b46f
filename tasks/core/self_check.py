"""Self-check: what random splits of a champion's reference have shown, kept with the champion."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class _Record(BaseModel):
    # A field that a later loanwatch adds is no reason to fail.
    model_config = ConfigDict(frozen=True, extra="ignore")


class Alarms(_Record):
    """How many of some splits raised an alarm."""

    alarms: int
    splits: int


class CheckAlarms(_Record):
    """In how many splits a check of a column raised an alarm; `column` is "" where it is about the whole window."""

    question: str
    check: str
    column: str
    alarms: int


class Detectable(_Record):
    """The change that a check would find in every column that has no own limit, in 4 of 5 windows of this size.

    `columns` names those in which it would find none.
    """

    question: str
    check: str
    unit: str
    change: float | None
    columns: tuple[str, ...] = ()


class OwnLimit(_Record):
    """A limit raised to the largest change that the splits have shown, as the check had raised too many alarms there.

    `column` is "" where it is about the whole window, or holds for every column. `rows` are those of a split's window.
    """

    question: str
    check: str
    column: str
    limit: float
    unit: str
    alarms: int
    splits: int
    rows: int


class SelfCheck(_Record):
    """The splits of the reference of one version: one side stands for the reference, the other for the window.

    Parameters
    ----------
    version
        The champion's.
    splits, alarms
        How many were made, and how many of them raised an alarm.
    interval
        Of the share of alarms, 95 %.
    budget, is_within_budget
        The policy's share of false alarms, and whether the share of splits with an alarm may be as low as that, once
        the own limits count.
    by_split, by_question, by_check
        The alarms by what was kept together in a split (a customer, a week, a day), by question and by check.
    detectable
        The change that would have been found, by check.
    own_limits
        The limits that were raised.
    reference_rows, window_rows
        The rows of the two sides, on average.
    seconds
        How long it took.
    sentence
        All of it in short.
    """

    version: int
    splits: int
    alarms: int
    interval: tuple[float, float]
    budget: float
    is_within_budget: bool
    by_split: dict[str, Alarms]
    by_question: dict[str, int]
    by_check: tuple[CheckAlarms, ...]
    detectable: tuple[Detectable, ...]
    own_limits: tuple[OwnLimit, ...]
    reference_rows: int
    window_rows: int
    seconds: float
    sentence: str
