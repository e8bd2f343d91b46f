"""loanwatch as it is: known changes are no alarms, challengers differ in their days, and a model recovers.

What is asked, marked as known, trained, judged and promoted is the pipeline's own code. Only Gradient Boosting is
fitted, as under the other policies, and what the pipeline keeps in its database is kept in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from benchmarks.life.calendar import ONE_DAY, WEEK_DAYS, Visit
from benchmarks.life.lives import Life
from benchmarks.life.policies import Look
from benchmarks.life.today import is_unit_broken, is_warned, list_alarms, tell
from benchmarks.life.workshop import POLICY, Model, Workshop, describe, measure_window_quality, observe
from tasks.changes.levels import find_levels, mark_known
from tasks.changes.past_runs import PastRun
from tasks.changes.recall import ask_against, keep_later
from tasks.changes.regime import Regime, find_regime
from tasks.core.arrays import Floats
from tasks.core.cadence import Cadence
from tasks.core.findings import Finding, Outcome
from tasks.core.policy import Kind
from tasks.core.windows import Window
from tasks.drift.budget import fit_levels
from tasks.drift.check import measure_drift
from tasks.drift.comparison import Comparison
from tasks.drift.model import measure_model_drift
from tasks.drift.onset import date_changes
from tasks.drift.recent import add_recent, measure_recent_drift
from tasks.models.candidates import Training, fit_recipe, list_recipes, refit, select_candidate
from tasks.models.preprocess import concatenate
from tasks.models.scoring import score
from tasks.models.train import split_rows
from tasks.profile.profile import Profile
from tasks.promotion.compare import PromotionDecision, decide_promotion
from tasks.promotion.decide import decide, is_drift_proven
from tasks.promotion.final_fit import list_training_windows, record_regime
from tasks.promotion.install import choose_reference
from tasks.promotion.judging import judge, measure_comparison
from tasks.quality.check import is_fit
from tasks.registry.versions import ModelVersion
from tasks.run.days import skip_seen_days


@dataclass(frozen=True, eq=False)
class Champion:
    """A model in production with its registry row and the profile of its reference."""

    model: Model
    version: ModelVersion
    profile: Profile


class Loanwatch:
    """The pipeline's decisions over a life."""

    name = "loanwatch"

    def begin(self, life: Life, training: Window, workshop: Workshop) -> None:
        """The first champion, of all training days."""
        self._life = life
        model = workshop.fit(life, [training])
        version = _register(1, "first", (training,), {"fitted_rows": len(model.rows)})
        scores = model.candidate.out_of_fold
        profile = describe(life.lender.contract, model.rows, scores, (training,), knows_days=True)
        self._champions = [Champion(model, version, profile)]
        self._past: list[tuple[int, PastRun]] = []

    def look(self, visit: Visit) -> Look:
        """What a run over the window would do."""
        self._cadence = find_cadence(visit)
        if self._cadence is Cadence.DAILY:
            visit = replace(visit, window=skip_seen_days(visit.window, self._champions[-1].version.reference))
        champion = self._find_champion(visit.window)
        if not visit.is_whole or champion is None:
            return Look(note="no champion that is older than the window")
        findings, past = self._ask(champion, visit.window)
        alarms, warned = list_alarms(findings), is_warned(findings)
        if not is_fit(findings):
            return Look(bool(alarms), note=tell(alarms), warned=warned)
        is_replay = champion is not self._champions[-1]
        regime = find_regime(visit.window, champion.version, findings, past, POLICY)
        decision = decide(findings, POLICY.decision, "" if is_replay else regime.retry)
        outcome, note = decision.outcome or Outcome.KEPT, f"{tell(alarms)}; {decision.reason}"
        if decision.outcome is None and not is_replay:
            outcome, reason = self._challenge(champion, visit.window, findings, regime)
            note = f"{note} {reason}"
        if not is_replay:
            version = self._champions[-1].version.version if outcome is Outcome.PROMOTED else None
            run = PastRun(f"run of {visit.today}", visit.window, outcome, tuple(findings), version)
            self._past.insert(0, (champion.version.version, run))
        return Look(bool(alarms), outcome is Outcome.PROMOTED, note, warned)

    def score(self, applications: pd.DataFrame) -> Floats:
        """By the latest champion."""
        return score(self._champions[-1].model.pipeline, applications)

    def _find_champion(self, window: Window) -> Champion | None:
        """The last one that was effective when the window began and has not seen its days."""
        fit = [one for one in self._champions if one.version.reference.end < window.start]
        return fit[-1] if fit else None

    def _ask(self, champion: Champion, window: Window) -> tuple[list[Finding], list[PastRun]]:
        """The findings of a window, known changes marked, and the earlier runs that tell them."""
        number = champion.version.version
        trained_by = champion.version.job_id if champion.version.reference_since is None else ""
        past = [run for version, run in self._past if version == number or run.job_id == trained_by]
        findings = measure_window_quality(self._life, champion.model, window)
        if not is_fit(findings):
            return findings, past
        plain = POLICY.drift.model_copy(update={"cadence": self._cadence})
        policy = fit_levels(plain, window.days)
        comparison = Comparison(champion.profile, observe(self._life, champion.model, window), policy)
        asked = date_changes([*measure_drift(comparison), *measure_model_drift(comparison)], comparison)
        recent = date_changes(measure_recent_drift(replace(comparison, policy=plain)), comparison)
        findings = [*findings, *add_recent(asked, recent)]
        levels = find_levels(findings, past, window, len(comparison.observed.labels))
        compared = {}
        for days in {window for chosen in levels.values() for level in chosen for window in level.windows}:
            later = keep_later(comparison.observed, days)
            if len(later.labels) >= POLICY.drift.minimum_rows:
                level = observe(self._life, champion.model, days)
                compared[days] = ask_against(comparison, self._life.lender.contract, level, later)
        return mark_known(findings, levels, compared), past

    def _challenge(
        self, champion: Champion, window: Window, findings: Sequence[Finding], regime: Regime
    ) -> tuple[Outcome, str]:
        """Train, compare, and promote or keep."""
        contract, policy = self._life.lender.contract, POLICY.train
        earlier = self._life.prepare((*champion.version.training_windows, *regime.earlier))
        split = split_rows(self._life.prepare([window]), policy)
        rows = concatenate([earlier, split.train])
        candidates = [
            fit_recipe(contract, (Kind.GRADIENT_BOOSTING, recipe), rows, policy, regime.rule_since)
            for recipe in list_recipes(rows, policy, regime.rule_since)
        ]
        training = select_candidate(candidates, rows, split, regime.rule_since)
        decision = self._compare(champion, training, findings)
        if not decision.promote:
            return Outcome.KEPT, decision.reason
        self._promote(champion, window, training, regime)
        return Outcome.PROMOTED, f"{training.chosen.recipe}; {decision.reason}"

    def _promote(self, champion: Champion, window: Window, training: Training, regime: Regime) -> None:
        contract, policy, number = self._life.lender.contract, POLICY.train, len(self._champions) + 1
        candidate, rows = refit(contract, training, policy)
        windows = list_training_windows(champion.version.training_windows, regime, window, training)
        reference = choose_reference(rows, (regime.since, regime.rule_since), policy.minimum_recent_rows)
        held = rows.is_since(reference or windows[0].start)
        regime_record = record_regime(candidate, regime, reference, int(held.sum()))
        record = {"fitted_rows": len(rows), "regime": regime_record}
        version = _register(number, f"run of {window.end + ONE_DAY}", windows, record)
        model = Model((id(self), number), contract, windows, rows, candidate)
        scores = candidate.out_of_fold[held]
        profile = describe(contract, rows.take(held), scores, version.compared_with, knows_days=True)
        self._champions.append(Champion(model, version, profile))

    def _compare(self, champion: Champion, training: Training, findings: Sequence[Finding]) -> PromotionDecision:
        judged = judge(training, champion.model.pipeline, champion.model.customers)
        comparison = measure_comparison(self._life.lender.contract, POLICY.promotion, training, judged)
        minimum = POLICY.train.minimum_test_rows
        decision = decide_promotion(comparison, is_drift_proven(findings), minimum, POLICY.promotion)
        if decision.promote and is_unit_broken(findings):
            return PromotionDecision(False, "Kept: a column has values that do not occur in the reference.")
        return decision


def find_cadence(visit: Visit) -> Cadence:
    """How often the life is looked at, by the length of its windows."""
    if visit.window.days == WEEK_DAYS:
        return Cadence.WEEKLY
    return Cadence.MONTHLY if visit.window.start.day == 1 and visit.today.day == 1 else Cadence.DAILY


def _register(version: int, job_id: str, windows: tuple[Window, ...], metrics: dict[str, object]) -> ModelVersion:
    return ModelVersion(version, job_id, "gradient_boosting", "", "", windows, metrics, "champion")
