"""Plan: which days a run looks at, and which days it compares them with."""

from __future__ import annotations

from datetime import date, timedelta

from tasks.contract.lender_model import LenderModel
from tasks.core.held_days import HeldDays
from tasks.core.windows import PlanError, Window, last_full_month, last_full_month_held, month_of, months_before

LEAST_TRAILING = 7  # days of a trailing window that begins after the champion's own days


def plan_window(asked: Window | None, scheduled_on: date | None, held: HeldDays | None) -> Window:
    """The window asked for; else, on a schedule, the last full month before the scheduled day; else the last held.

    `held` are the days of the table, None where it holds none.
    """
    if asked is not None:
        return asked
    if scheduled_on is not None:
        return last_full_month(scheduled_on)
    if held is None:
        raise PlanError(
            "The table holds no applications: load some with `python -m flows.load DIR`, or give `start` and `end`."
        )
    return last_full_month_held(held.last)


def plan_trailing_window(days: int, scheduled_on: date | None, held: HeldDays | None) -> Window:
    """The last `days` whole days before the scheduled day; without a schedule, the last that the table holds."""
    if scheduled_on is not None:
        last = scheduled_on - timedelta(days=1)
    elif held is not None:
        last = held.last
    else:
        raise PlanError("The table holds no applications: load some with `python -m flows.load DIR`.")
    return Window(last - timedelta(days=days - 1), last)


def skip_seen_days(window: Window, seen: Window) -> Window:
    """A trailing window without the days that the champion was fitted on, where a week at least is left of it.

    Else it stays whole, and is judged by the champion before, which has not seen it.

    Examples
    --------
    >>> june = Window(date(2024, 6, 1), date(2024, 6, 30))
    >>> str(skip_seen_days(june, Window(date(2024, 1, 1), date(2024, 6, 10))))
    '2024-06-11 to 2024-06-30'
    >>> skip_seen_days(june, Window(date(2024, 1, 1), date(2024, 6, 28))) == june
    True
    """
    first = seen.end + timedelta(days=1)
    if not window.overlaps(seen) or (window.end - first).days + 1 < LEAST_TRAILING:
        return window
    return Window(max(first, window.start), window.end)


def plan_reference(asked: Window | None, window: Window) -> Window:
    """The days that a first champion is trained on: those asked for, else the six full months before the window."""
    reference = asked or months_before(window)
    if reference.end >= window.start:
        raise PlanError(
            f"The reference {reference} does not end before the window {window} starts. Choose other dates."
        )
    return reference


def plan_watched_reference(asked: Window | None, window: Window, model: LenderModel) -> Window:
    """The days that the lender's own model is compared with: those asked for, else the six full months before.

    The model must have scored them, and not been fitted on them. Without days that were asked for, those that it may
    not have are left out, where a full month remains.
    """
    reference, first = plan_reference(asked, window), model.first_watchable
    if first is None or first[0] <= reference.start:
        return reference
    day, field = first
    why = {
        "trained_until": f"{model.name} was fitted on days up to {model.trained_until}, which it knows better than any "
        "later ones",
        "scored_since": f"{model.name} has scores since {model.scored_since} only",
    }[field]
    if asked is not None:
        raise PlanError(
            f"The reference {asked} cannot be used: {why} (`{field}` of the contract's `[model]`). Choose days from "
            f"{day} on."
        )
    if day <= reference.end and reference.end >= _end_full_month(day):
        return Window(day, reference.end)
    raise PlanError(
        f"There is no full month between {day} and the window {window} that could be the reference: {why} (`{field}` "
        "of the contract's `[model]`). Choose a later window, or name shorter reference days with `reference_start` "
        "and `reference_end`."
    )


def refuse_seen_window(window: Window, model: LenderModel) -> None:
    """Raises PlanError where the lender's own model was fitted on days of the window, or later ones."""
    if model.trained_until is not None and window.start <= model.trained_until:
        raise PlanError(
            f"The window {window} does not lie after {model.trained_until}: {model.name} was fitted on days up to then "
            "(`trained_until` of the contract's `[model]`) and scores them better than others. Choose a later window."
        )


def _end_full_month(day: date) -> date:
    """The last day of the first full month that begins on that day or later."""
    first = day if day.day == 1 else (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return month_of(f"{first:%Y-%m}").end


def refuse_other_reference(asked: Window | None, champions: Window) -> None:
    """With a champion, a reference that was asked for must be the champion's own."""
    if asked is not None and asked != champions:
        raise PlanError(
            f"The champion's reference is {champions}, not {asked}. Leave `reference_start` and `reference_end` out "
            "to monitor against the champion, or train another one with `python -m flows.train`."
        )
