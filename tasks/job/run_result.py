"""How a run ended, in plain values: all that alerts, events and the Prefect UI need to know of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tasks.core.changed_limits import ChangedLimit
from tasks.core.findings import Finding, Outcome
from tasks.core.positive import UNNAMED, Positive
from tasks.core.windows import Window


@dataclass(frozen=True)
class RunResult:
    """The end of one run.

    `champion` is the version that the window was monitored against and `champion_kind` its kind, or the name of the
    lender's own model; None and "" where the window was unfit. `is_first_champion` says that this run has trained it.
    `champion_after` is the version in production now. The two AUCs are those of the comparison on the test days; None
    where nothing was compared. `positive` is the positive label as sentences name it. `changed_limits` are the limits
    that differ from the defaults.
    """

    job_id: str
    contract: str
    window: Window
    results: Path
    outcome: Outcome
    reason: str
    findings: tuple[Finding, ...]
    positive: Positive = UNNAMED
    champion: int | None = None
    champion_kind: str = ""
    is_first_champion: bool = False
    champion_after: int | None = None
    champion_auc: float | None = None
    challenger_auc: float | None = None
    changed_limits: tuple[ChangedLimit, ...] = ()

    @property
    def has_promoted(self) -> bool:
        """Whether a model went into production by this run: a first champion, or one that replaced another."""
        return self.champion is not None and (self.is_first_champion or self.outcome is Outcome.PROMOTED)
