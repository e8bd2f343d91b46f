"""Ask: the five questions of a run, about two tables in memory and in the same order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from tasks.compare.quick_model import QuickModel, fit_quick_model, score_side
from tasks.compare.sides import Side, Sides
from tasks.contract.columns import Role
from tasks.core.arrivals import count_by_day
from tasks.core.findings import DRIFT_QUESTIONS, Finding, Question, Verdict, summarise
from tasks.core.policy import DecisionPolicy, MonitorPolicy
from tasks.core.wording import join_list
from tasks.drift.budget import fit_levels
from tasks.drift.check import measure_drift
from tasks.drift.comparison import Comparison
from tasks.drift.data import measure_data_drift
from tasks.drift.model import measure_model_drift, report_weakness
from tasks.drift.onset import date_changes
from tasks.drift.recent import add_recent, measure_recent_drift
from tasks.extract.labels import read_labels
from tasks.models.customers import report_customers
from tasks.promotion.decide import decide
from tasks.quality.arrivals import measure_arrivals
from tasks.quality.check import is_fit, measure_quality
from tasks.quality.leak_search import measure_leaks
from tasks.quality.leak_signs import Leak
from tasks.quality.leakage import measure_auc_without_leaks

# What a check would say of a column that is made up.
_CHECKS_OF = {
    Role.ID: ("unique", "duplicates", "versions"),
    Role.TIME: ("time", "last_day", "undated", "versions"),
    Role.TARGET: ("decisions", "conflicting_labels", "leak", "suspicious_auc"),
}
_UNFIT = "{table} unfit for use: no drift test was run."


class ComparedOutcome(StrEnum):
    """The outcome of a comparison. Nothing is trained for production: a change is reported and no more."""

    QUALITY_FAILED = "quality_failed"
    STABLE = "stable"
    UNDECIDED = "undecided"
    CHANGED = "changed"


@dataclass(frozen=True, eq=False)
class Compared:
    """What was found of two tables. `model` and `comparison` are None where a table is unfit."""

    sides: Sides
    policy: MonitorPolicy
    findings: tuple[Finding, ...]
    outcome: ComparedOutcome
    reason: str
    model: QuickModel | None = None
    comparison: Comparison | None = None


def compare_sides(sides: Sides, policy: MonitorPolicy | None = None) -> Compared:
    """Ask whether both tables are fit, then for data, label, concept and model drift.

    The same tables and limits give the same findings. Raises TrainingError where no row of the reference is decided.
    """
    policy = policy or MonitorPolicy()
    leaks = _find_leaks(sides, policy)
    findings = [*_check_reference(sides, policy), *_check_side(sides, sides.window, policy, leaks)]
    if not is_fit(findings):
        return _conclude_unfit(sides, policy, findings)
    model = fit_quick_model(sides, policy)
    findings += _check_arrivals(sides, model, policy)
    if not is_fit(findings):
        return _conclude_unfit(sides, policy, findings)
    observed, keys, ripeness = score_side(sides, model)
    findings += ripeness.findings if ripeness else ()
    findings += report_customers(sides.contract, keys, model.profile.told_by)
    findings += measure_auc_without_leaks(observed, leaks)
    limits, positive = fit_levels(policy.drift, sides.window.days.days), sides.contract.positive_words
    comparison = Comparison(model.profile, observed, limits, positive=positive)
    findings += _ask_drift(sides, comparison, policy)
    outcome, reason = _conclude(findings, policy.decision, observed.note)
    return Compared(sides, policy, tuple(findings), outcome, reason, model, comparison)


def _find_leaks(sides: Sides, policy: MonitorPolicy) -> list[Leak]:
    if not sides.has_target:
        return []
    applications = sides.window.applications
    return measure_leaks(sides.contract, applications, read_labels(sides.contract, applications), policy.quality)


def _check_side(sides: Sides, side: Side, policy: MonitorPolicy, leaks: Sequence[Leak]) -> list[Finding]:
    """The quality checks of one table, but those of columns that are made up."""
    days = side.days if sides.has_days else None
    left_out = {check for role in sides.lacks for check in _CHECKS_OF.get(role, ())}
    findings = measure_quality(sides.contract, side.extract, policy.quality, days, leaks)
    return [finding for finding in findings if finding.check not in left_out]


def _check_reference(sides: Sides, policy: MonitorPolicy) -> list[Finding]:
    """Why the reference is unfit, if it is. Its leaks end no run, so they are not looked for."""
    findings = _check_side(sides, sides.reference, policy, ())
    failed = [finding for finding in findings if finding.verdict is Verdict.FAIL]
    return [replace(finding, sentence=f"In the reference: {finding.sentence}") for finding in failed]


def _check_arrivals(sides: Sides, model: QuickModel, policy: MonitorPolicy) -> list[Finding]:
    """Whether the window's rows have arrived. Two parts of the same days have as many as they were given.

    Whether the window is over is not asked: the answer would not follow from the tables.
    """
    arrivals, days = model.profile.arrivals, sides.window.days
    if arrivals is None or days.overlaps(sides.reference.days):
        return []
    times = sides.window.applications[sides.contract.time.name].to_numpy("datetime64[D]")
    found = measure_arrivals(days, count_by_day(days, times), arrivals, policy.quality, sides.last_day)
    return [finding for finding in found if finding.check != "window_over"]


def _ask_drift(sides: Sides, comparison: Comparison, policy: MonitorPolicy) -> list[Finding]:
    if not sides.has_target:
        return [*measure_data_drift(comparison), *_report_no_target()]
    findings = [*measure_drift(comparison), *measure_model_drift(comparison)]
    dated = date_changes(findings, comparison)
    dated += report_weakness(comparison.profile.auc, policy.promotion.minimum_auc)
    recent = measure_recent_drift(replace(comparison, policy=policy.drift))
    return add_recent(dated, date_changes(recent, comparison))


def _report_no_target() -> list[Finding]:
    """The questions about decisions, none of which can be asked."""
    checks = {Question.LABEL: "approval_rate", Question.CONCEPT: "score_curve", Question.MODEL: "auc"}
    sentence = "No target was named, so this question was not asked."
    return [Finding(question, check, Verdict.NOT_RUN, sentence) for question, check in checks.items()]


def _conclude_unfit(sides: Sides, policy: MonitorPolicy, findings: Sequence[Finding]) -> Compared:
    is_reference = any(finding.sentence.startswith("In the reference") for finding in findings)
    reason = _UNFIT.format(table="The reference is" if is_reference else "The window is")
    return Compared(sides, policy, tuple(findings), ComparedOutcome.QUALITY_FAILED, reason)


def _conclude(findings: Sequence[Finding], policy: DecisionPolicy, note: str) -> tuple[ComparedOutcome, str]:
    """The outcome and its reason; whatever a policy does about drift, two tables that differ have changed."""
    failed = [str(name) for name in DRIFT_QUESTIONS if summarise(findings, name) is Verdict.FAIL]
    if failed:
        reason, outcome = f"{join_list(failed).capitalize()} drift was detected.", ComparedOutcome.CHANGED
    else:
        decision = decide(findings, policy)
        reason, outcome = decision.reason, ComparedOutcome(str(decision.outcome))
    return outcome, f"{reason} {note}".strip()
