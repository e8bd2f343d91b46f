"""The tags of runs: which backfill a window belongs to, how a run ended, and whether it raised an alarm.

A backfill is no parameter of a window's run: a person who fills in the form has nothing to set there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tasks.core.findings import Outcome
from tasks.core.wording import name_outcome

# Those of every run that monitors; automations know loanwatch's runs by the first.
TAGS = ("loanwatch", "monitoring")
OUTCOME = "outcome:"
ALARM = "alarm"
_TAG = re.compile(r"backfill (?P<days>\d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d) \((?P<name>[^)]+)\)")


def tag_backfill(name: str, days: object) -> str:
    """The tag of a backfill of these days.

    Examples
    --------
    >>> tag_backfill("3f9a1c", "2024-01-01 to 2024-12-31")
    'backfill 2024-01-01 to 2024-12-31 (3f9a1c)'
    """
    return f"backfill {days} ({name})"


def read_backfill(tags: Iterable[str]) -> tuple[str, str] | None:
    """The name of the backfill that a run belongs to, and its days; None for a run of its own.

    Examples
    --------
    >>> read_backfill(["loanwatch", "backfill 2024-01-01 to 2024-12-31 (3f9a1c)"])
    ('3f9a1c', '2024-01-01 to 2024-12-31')
    """
    found = next(filter(None, map(_TAG.fullmatch, tags)), None)
    return (found["name"], found["days"]) if found else None


def tag_outcome(outcome: str, *, has_alarm: bool = False) -> list[str]:
    """The tags of a run that ended.

    Examples
    --------
    >>> tag_outcome("kept", has_alarm=True)
    ['outcome:kept', 'alarm']
    """
    return [f"{OUTCOME}{outcome}", *([ALARM] if has_alarm else [])]


def read_outcome(tags: Iterable[str], message: str) -> str:
    """The outcome of a monitored window: by its tag, else by the state's message, which begins with it in words.

    "" where neither says it. A run that could not reach the server for a moment has only the message.
    """
    tagged = [tag.removeprefix(OUTCOME) for tag in tags if tag.startswith(OUTCOME)]
    said = [
        outcome
        for outcome in Outcome
        for was_retrained in (True, False)
        if message.startswith(f"{name_outcome(outcome, was_retrained=was_retrained)}:")
    ]
    return str(next((outcome for outcome in [*tagged, *said] if outcome in set(Outcome)), ""))
