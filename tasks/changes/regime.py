"""Regime: since when the present rule and applicants hold, what may be trained on, and whether to try again.

It follows from what is on record: the findings of this run and of earlier ones, and the champion's own record.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tasks.changes.past_runs import CHANGED, PastRun, find_first_day
from tasks.core.findings import DRIFT_QUESTIONS, Finding, Outcome, Question, Verdict
from tasks.core.policy import DecisionPolicy, MonitorPolicy, PromotionPolicy
from tasks.core.windows import Window
from tasks.registry.versions import ModelVersion

RULE = (Question.CONCEPT, Question.MODEL)


@dataclass(frozen=True)
class Regime:
    """What a challenger is fitted on, and what a new champion is compared with.

    Parameters
    ----------
    rule_since
        The first day of the present rule; None where no change of it is on record.
    since
        The first day on which both the rule and the applicants are as now; None where no change is on record.
    earlier
        Fit days after the champion's training days and before the window.
    retry
        Why a challenger is to be trained without a new alarm; empty where none is.
    """

    rule_since: date | None = None
    since: date | None = None
    earlier: tuple[Window, ...] = ()
    retry: str = ""


def read_regime(model: ModelVersion) -> Regime:
    """The regime of the days that a champion was fitted on, as its record says."""
    record = model.metrics.get("regime") or {}
    days = {name: None if day is None else date.fromisoformat(day) for name, day in record.items() if "since" in name}
    return Regime(days.get("rule_since"), days.get("since"))


def find_regime(
    window: Window,
    model: ModelVersion,
    findings: Sequence[Finding],
    past: Sequence[PastRun],
    policy: MonitorPolicy,
) -> Regime:
    """The regime of a window.

    Parameters
    ----------
    window : Window
        The present one.
    model : ModelVersion
        The champion.
    findings : sequence of Finding
        Of this run, known changes marked as such.
    past : sequence of PastRun
        Earlier windows, the latest first.
    policy : MonitorPolicy
        When to try again, and which windows were broken: nothing is trained on them.
    """
    recorded = read_regime(model)
    rule_since = _find_start(findings, RULE, window) or recorded.rule_since
    since = _find_start(findings, DRIFT_QUESTIONS, window) or recorded.since
    earlier = list_usable_days(past, Window(model.reference.end, window.start), policy.promotion)
    return Regime(rule_since, since, earlier, _explain_retry(window, model, findings, past, policy.decision))


def _find_start(findings: Sequence[Finding], questions: Sequence[Question], window: Window) -> date | None:
    """The first day of the latest change that one of these questions found or knows of."""
    asked = [finding for finding in findings if finding.question in questions]
    if any(finding.verdict is Verdict.FAIL for finding in asked):
        return find_first_day(asked, window)
    known = [f.answer for f in asked if f.verdict is Verdict.KNOWN and f.answer is not None]
    return max((date.fromisoformat(answer.start) for answer in known), default=None)


def _explain_retry(
    window: Window, model: ModelVersion, findings: Sequence[Finding], past: Sequence[PastRun], policy: DecisionPolicy
) -> str:
    """Why a challenger is trained without a new alarm: the champion is still worse, or many new days have come."""
    of_rule = [finding for finding in findings if finding.question in RULE]
    if any(finding.verdict is Verdict.FAIL for finding in findings if finding.question in DRIFT_QUESTIONS):
        return ""
    known = [f.answer for f in of_rule if f.verdict is Verdict.KNOWN and f.answer is not None]
    still_worse = [answer for answer in known if not answer.is_accepted]
    tried = [run.window.end for run in past if run.has_answered]
    if still_worse:
        since = max(date.fromisoformat(answer.start) for answer in still_worse)
        if _has_grown(since, window.end, tried, policy.retry_growth):
            return (
                f"The champion is still worse than at its promotion, by a change known since {since}, and more days "
                "have come: a challenger is trained again."
            )
        return ""
    start = read_regime(model).rule_since
    if start is None or known or not _has_grown(start, window.end, [*tried, model.reference.end], policy.renew_growth):
        return ""
    return (
        f"Since {start}, when the rule changed, {policy.renew_growth:g} times as many days have come as the last model "
        "was fitted on: a challenger is trained on them."
    )


def _has_grown(since: date, until: date, tried: Iterable[date], growth: float) -> bool:
    """Whether so many times more days have come since a change as there were at the last attempt after it."""
    last = max((day for day in tried if day >= since), default=None)
    return last is None or (until - since).days + 1 >= growth * ((last - since).days + 1)


def list_usable_days(past: Sequence[PastRun], between: Window, policy: PromotionPolicy) -> tuple[Window, ...]:
    """The monitored days between two days (both excluded) that may be trained on, as windows in the order of time.

    Days of an unfit window are left out, and so are those of a window with a broken column.

    Examples
    --------
    >>> from tasks.core.findings import Outcome
    >>> march = PastRun("a", Window(date(2024, 3, 1), date(2024, 3, 31)), Outcome.STABLE, ())
    >>> [str(days) for days in list_usable_days([march], Window(date(2024, 3, 9), date(2024, 4, 1)), PromotionPolicy())]
    ['2024-03-10 to 2024-03-31']
    """
    days: set[date] = set()
    broken: set[date] = set()
    for run in past:
        held = {run.window.start + timedelta(days=day) for day in range(run.window.days)}
        (broken if _is_broken(run, policy) else days).update(held)
    return _join_days(day for day in days - broken if between.start < day < between.end)


def _is_broken(run: PastRun, policy: PromotionPolicy) -> bool:
    """Whether a window was unfit, had a broken column, or decisions that were recorded the wrong way round."""
    never_seen = max((f.effect or 0.0 for f in run.findings if f.check == "never_seen"), default=0.0)
    areas = [f.current for f in run.findings if f.check == "auc" and f.verdict in CHANGED and f.current is not None]
    is_inverted = min(areas, default=1.0) < policy.least_champion_auc
    return run.outcome is Outcome.QUALITY_FAILED or never_seen > policy.maximum_never_seen or is_inverted


def _join_days(days: Iterable[date]) -> tuple[Window, ...]:
    windows: list[Window] = []
    for day in sorted(days):
        if windows and day == windows[-1].end + timedelta(days=1):
            windows[-1] = Window(windows[-1].start, day)
        else:
            windows.append(Window(day, day))
    return tuple(windows)
