"""Quality of times: is every application in the window, is its last day whole, and do rows lie far from the others?"""

from __future__ import annotations

from tasks.contract.contract import Contract
from tasks.core.findings import Finding, Question, Verdict
from tasks.core.held_days import HeldDays
from tasks.core.windows import Window
from tasks.core.wording import list_some
from tasks.quality.counts import QualityCounts
from tasks.quality.shares import pass_check

# A day of the week is known well enough after two, and so many applications never fail to come by chance.
_FEWEST_DAYS = 14
_FEWEST_EXPECTED = 14
_DAYS_NAMED = 5


def check_times(contract: Contract, counts: QualityCounts) -> Finding:
    """The query selects the window; a row outside it would be counted with the wrong days."""
    wrong = counts.times.wrong
    if not wrong.rows:
        return pass_check("time", "Every application is in the window.")
    return Finding(
        Question.QUALITY,
        "time",
        Verdict.FAIL,
        f"{wrong.rows:,} applications have no valid time, or a time outside the window. Correct the query "
        f"{contract.query}: it must exclude such rows, and count those without a time in `undated_query`.",
        subject=contract.time.name,
        effect=counts.share(wrong.rows),
        unit="share of applications",
        columns=(contract.time.name,),
        rows=wrong.ids,
    )


def check_strays(contract: Contract, held: HeldDays | None) -> list[Finding]:
    """Rows of the table that lie far from all others, where the table was asked for its days to choose the window."""
    if held is None or held.strays is None:
        return []
    if not held.strays:
        return [pass_check("stray_days", "No row of the table is dated far from the others.")]
    return [
        Finding(
            Question.QUALITY,
            "stray_days",
            Verdict.WARN,
            describe_strays(contract, held),
            subject=contract.time.name,
            effect=float(sum(rows for _, rows in held.strays)),
            unit="rows",
            columns=(contract.time.name,),
        )
    ]


def describe_strays(contract: Contract, held: HeldDays) -> str:
    """How many rows lie far from the others, on which days, and what to do about them."""
    strays = held.strays or ()
    rows, future = sum(count for _, count in strays), sum(count for day, count in strays if day > held.today)
    listed = list_some([f"{day} ({count:,} {'row' if count == 1 else 'rows'})" for day, count in strays], _DAYS_NAMED)
    in_future = f", {future:,} of them in the future" if future else ""
    return (
        f"{rows:,} {'row' if rows == 1 else 'rows'} of the table {'is' if rows == 1 else 'are'} dated far from the "
        f"others{in_future}: {listed}. The table's usual days are {held.first} to {held.last}; only these choose the "
        f"days of a run. Correct {contract.time.name} of those rows in the source."
    )


def check_last_day(contract: Contract, counts: QualityCounts, window: Window | None) -> Finding:
    """Whether the last day goes on after midnight, as the days of the same weekday do.

    `between %(start)s and %(end)s` on a timestamp ends with the first moment of the last day, and nothing else shows
    that the rest of it is lost.
    """
    passed = pass_check("last_day", "Nothing shows that the last day of the window is cut off at midnight.")
    if window is None or window.days < _FEWEST_DAYS:
        return passed
    expected = counts.times.after / ((window.days - 1) // 7)
    if expected < _FEWEST_EXPECTED or counts.times.after_last:
        return passed
    return Finding(
        Question.QUALITY,
        "last_day",
        Verdict.WARN,
        f"No application of the last day, {window.end}, has a time after midnight, where {expected:,.0f} are usual. "
        f"Either the day is not loaded yet, or the query {contract.query} compares a timestamp with `between … and "
        "%(end)s`, which ends at midnight: write `< %(end)s::date + 1`.",
        subject=contract.time.name,
        effect=expected,
        unit="rows",
        columns=(contract.time.name,),
    )
