"""The policy before this one: an alarm and a retraining whenever a window differs from all that the champion knows.

A challenger is fitted on the champion's days and the first 60 % of the window's, and judged once on the last 25 %; the
15 % between choose its kind, which here is given. A window is held against the champion that was effective before it
began and has not seen its days; while that is not the latest one, the run is a replay, which promotes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from benchmarks.life.calendar import ONE_DAY, Visit
from benchmarks.life.lives import Life
from benchmarks.life.policies import Look
from benchmarks.life.workshop import POLICY, Model, Workshop
from tasks.core.arrays import Floats
from tasks.core.findings import DRIFT_QUESTIONS, Finding, Question, Verdict, summarise
from tasks.core.windows import Window
from tasks.models.candidates import Training
from tasks.models.train import Split, split_rows
from tasks.promotion.compare import PromotionDecision, decide_promotion
from tasks.promotion.decide import is_drift_proven
from tasks.promotion.judging import judge, measure_comparison
from tasks.quality.check import is_fit


@dataclass(frozen=True, eq=False)
class Champion:
    """A model in production, and the first day of windows that are held against it."""

    model: Model
    effective_from: date


class Today:
    """Retrains at every alarm, and compares with everything that the champion was fitted on."""

    name = "today"

    def begin(self, life: Life, training: Window, workshop: Workshop) -> None:
        """The first champion, of all training days."""
        self._life, self._workshop = life, workshop
        first = workshop.fit(life, [training])
        self._champions = [Champion(first, training.end + ONE_DAY)]

    def look(self, visit: Visit) -> Look:
        """Judge the window, and retrain at an alarm."""
        champion = find_champion(self._champions, visit.window)
        if not visit.is_whole or champion is None:
            return Look(note="no champion that is older than the window")
        findings = self._workshop.judge(self._life, champion.model, visit.window)
        alarms, warned = list_alarms(findings), is_warned(findings)
        if not alarms or not is_fit(findings):
            return Look(bool(alarms), note=tell(alarms), warned=warned)
        if champion is not self._champions[-1]:
            return Look(True, note=f"{tell(alarms)}; a replay", warned=warned)
        challenger, decision = challenge(self._life, self._workshop, champion.model, visit.window, findings)
        if decision.promote:
            self._champions.append(Champion(challenger, visit.window.end + ONE_DAY))
        return Look(True, decision.promote, f"{tell(alarms)}; {decision.reason}", warned)

    def score(self, applications: pd.DataFrame) -> Floats:
        """By the latest champion."""
        return self._champions[-1].model.score(applications)


def find_champion(champions: Sequence[Champion], window: Window) -> Champion | None:
    """The last one that was effective when the window began and has not seen its days."""
    effective = [champion for champion in champions if champion.effective_from <= window.start]
    if not effective or any(days.overlaps(window) for days in effective[-1].model.windows):
        return None
    return effective[-1]


def list_alarms(findings: Sequence[Finding]) -> list[Finding]:
    """The failed findings."""
    return [finding for finding in findings if finding.verdict is Verdict.FAIL]


def is_warned(findings: Sequence[Finding]) -> bool:
    """Whether the quality of the window gives a warning."""
    return summarise(findings, Question.QUALITY) is Verdict.WARN


def tell(alarms: Sequence[Finding]) -> str:
    """The questions that failed, and the columns that they name."""
    told = []
    for question in (Question.QUALITY, *DRIFT_QUESTIONS):
        failed = [finding for finding in alarms if finding.question is question]
        named = dict.fromkeys(name for finding in failed for name in (finding.subject, *finding.columns) if name)
        if failed:
            told.append(f"{question} ({', '.join(named)})" if named else str(question))
    return ", ".join(told)


def challenge(
    life: Life, workshop: Workshop, champion: Model, window: Window, findings: Sequence[Finding]
) -> tuple[Model, PromotionDecision]:
    """The challenger of a window, and whether it is promoted: by the pipeline's rule."""
    split = split_rows(life.prepare([window]), POLICY.train)
    days = Window(window.start, split.train.days.max().astype(object))
    challenger = workshop.fit(life, [*champion.windows, days])
    decision = compare(challenger, champion, split, findings)
    if decision.promote and is_unit_broken(findings):
        decision = PromotionDecision(False, "Kept: a column has values that do not occur in the reference.")
    return challenger, decision


def compare(challenger: Model, champion: Model, split: Split, findings: Sequence[Finding]) -> PromotionDecision:
    """Both models on the split's test days, by the pipeline's rule."""
    training = Training(challenger.candidate, challenger.rows, {}, split, challenger.rows, split.undecided)
    judged = judge(training, champion.pipeline, champion.customers)
    comparison = measure_comparison(champion.contract, POLICY.promotion, training, judged)
    minimum_rows = POLICY.train.minimum_test_rows
    return decide_promotion(comparison, is_drift_proven(findings), minimum_rows, POLICY.promotion)


def is_unit_broken(findings: Sequence[Finding]) -> bool:
    """Whether more applicants than the policy allows have values of a column that the reference never had."""
    never_seen = [finding.effect or 0.0 for finding in findings if finding.check == "never_seen"]
    return max(never_seen, default=0.0) > POLICY.promotion.maximum_never_seen
