"""Arrivals: do the applications come in, on the days on which they usually do, and as many?"""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import scipy

from tasks.core.arrays import Floats, Integers, Mask
from tasks.core.arrivals import Arrivals, count_by_day, list_weekdays
from tasks.core.findings import Finding, Question, Verdict
from tasks.core.policy import QualityPolicy
from tasks.core.windows import Window
from tasks.core.wording import list_some
from tasks.extract.extract import Extract
from tasks.job.job import Job
from tasks.job.stage import stage
from tasks.quality.shares import pass_check

# A weekday counts where most of its days have applications.
_MOSTLY = 0.5
# Of empty days: more of them than holidays and chance make in 99 of 100 windows.
_LEVEL = 0.01
_SPANS_NAMED = 4
# Of so few applications a ratio says nothing.
_FEWEST_EXPECTED = 30


@stage("arrivals", lambda findings: findings[0].sentence if findings else "unknown of this champion's reference")
def check_arrivals(job: Job, arrivals: Arrivals | None, extract: Extract) -> list[Finding]:
    """Whether the window's applications have arrived, by those of the champion's reference."""
    if arrivals is None:
        return []
    rows = count_by_day(job.window, extract.find_days(job.contract))
    return measure_arrivals(job.window, rows, arrivals, job.policy.quality, datetime.now(UTC).date())


def measure_arrivals(
    window: Window, rows: Integers, arrivals: Arrivals, policy: QualityPolicy, today: date
) -> list[Finding]:
    """Days without applications, the number of applications, and whether the window is over.

    Parameters
    ----------
    window : Window
    rows : array of days
        The applications of each of its days.
    arrivals : Arrivals
        Of the reference.
    policy : QualityPolicy
    today : date

    Returns
    -------
    list of Finding
        A window without applications on most of the days that usually have some is unfit; all else is a warning.

    References
    ----------
    The number of empty days is compared with a Poisson distribution, which has a longer tail than the sum of the days'
    chances (Le Cam, Pacific Journal of Mathematics 10 (1960)).
    """
    findings = [_check_empty_days(window, rows, arrivals, policy), _check_volume(window, rows, arrivals, policy)]
    return [*findings, _check_end(window, today)]


def _check_empty_days(window: Window, rows: Integers, arrivals: Arrivals, policy: QualityPolicy) -> Finding:
    weekdays = list_weekdays(window)
    is_usual = arrivals.filled_share[weekdays] >= _MOSTLY
    is_empty = is_usual & (rows == 0)
    passed = pass_check("empty_days", "Applications have arrived on the days on which they usually do.")
    if not is_empty.any():
        return passed
    expected = _expect_rows(window, arrivals)
    # A lender who has become small has quiet days by chance alone.
    level = min(rows.sum() / max(expected[is_usual & ~is_empty].sum(), 1.0), 1.0)
    usual = arrivals.filled_share >= _MOSTLY
    holidays = float((np.array(arrivals.days) - np.array(arrivals.filled))[usual].sum() + 0.5)
    is_holiday = holidays / (np.array(arrivals.days)[usual].sum() + 1.0)
    chances = 1 - (1 - is_holiday) * (1 - np.exp(-expected * level))
    if scipy.stats.poisson.sf(is_empty.sum() - 1, chances[is_usual].sum()) > _LEVEL:
        return passed
    share = float(is_empty.sum() / is_usual.sum())
    verdict = Verdict.FAIL if share > policy.maximum_empty_days else Verdict.WARN
    return Finding(
        Question.QUALITY,
        "empty_days",
        verdict,
        f"No application on {is_empty.sum():,} of the {is_usual.sum():,} days that usually have some: "
        f"{list_some(_name_spans(window, is_empty, is_usual), _SPANS_NAMED)}. Check whether all days were loaded.",
        effect=share,
        limit=policy.maximum_empty_days,
        unit="share of days",
    )


def _check_volume(window: Window, rows: Integers, arrivals: Arrivals, policy: QualityPolicy) -> Finding:
    """The applications against those that the reference has on such days; empty days are told by themselves."""
    expected, found = float(_expect_rows(window, arrivals)[rows > 0].sum()), int(rows.sum())
    if expected < _FEWEST_EXPECTED:
        return pass_check("volume", "The reference has too few applications on such days to compare their number.")
    ratio, factor = found / expected, policy.volume_factor
    if 1 / factor <= ratio <= factor:
        return pass_check("volume", "The number of applications is about that of the reference.")
    return Finding(
        Question.QUALITY,
        "volume",
        Verdict.WARN,
        f"{found:,} applications, where the reference has about {expected:,.0f} on such days ({ratio:.2g} times as "
        "many). Check whether applications are missing or loaded twice.",
        effect=ratio,
        limit=factor if ratio > 1 else 1 / factor,
        unit="times",
        reference=expected,
        current=float(found),
    )


def _check_end(window: Window, today: date) -> Finding:
    if window.end < today:
        return pass_check("window_over", "The window is over.")
    return Finding(
        Question.QUALITY,
        "window_over",
        Verdict.WARN,
        f"The window ends on {window.end}, which is not over yet: applications may still arrive. Run it again later.",
    )


def _expect_rows(window: Window, arrivals: Arrivals) -> Floats:
    """What the reference has on a day of the same weekday that has any."""
    return np.asarray(arrivals.rows_a_day[list_weekdays(window)])


def _name_spans(window: Window, is_empty: Mask, is_usual: Mask) -> list[str]:
    """The empty days as spans, in which days without usual applications do not count."""
    days = np.datetime64(window.start, "D") + np.arange(window.days)
    usual = np.flatnonzero(is_usual)
    empty = np.flatnonzero(is_empty[usual])
    spans = np.split(empty, np.flatnonzero(np.diff(empty) > 1) + 1)
    ends = [(days[usual[span[0]]], days[usual[span[-1]]]) for span in spans]
    return [str(first) if first == last else f"{first} to {last}" for first, last in ends]
