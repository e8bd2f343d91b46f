"""The self-check in a sentence, as the report, the terminal and the list of models show it."""

from __future__ import annotations

from tasks.core.positive import name_check
from tasks.core.self_check import Detectable, OwnLimit, SelfCheck
from tasks.core.wording import format_amount, join_list

# What the sentence tells of the changes that would be found, in this order; the record has all of them.
_TOLD = {
    "distribution": "of any column",
    "approval_rate": "of the share of the positive decision",
    "score_curve": "of the rule",
    "auc": "of the AUC",
}


def write_sentence(record: SelfCheck) -> str:
    """All of a record in a few sentences."""
    if not record.splits:
        return "The reference has too few applications to be split: nothing is known of false alarms on your own ones."
    told = [_tell_alarms(record), _tell_detectable(record)]
    if record.own_limits:
        told.append(_tell_own_limits(record.own_limits))
    if not record.is_within_budget:
        told.append(
            f"This is more than the error budget of {record.budget:.0%}, and no single check is the cause: run "
            "`python -m flows.check_monitor` before you rely on a single alarm."
        )
    return " ".join(filter(None, told))


def _tell_alarms(record: SelfCheck) -> str:
    parts = [f"{part.alarms} of {part.splits} by {name}" for name, part in record.by_split.items()]
    by = f" ({', '.join(parts)})" if len(parts) > 1 else ""
    alarms = "1 alarm" if record.alarms == 1 else f"{record.alarms or 'no'} alarms"
    return f"On your own applications: {alarms} in {record.splits} splits without a change{by}."


def _tell_detectable(record: SelfCheck) -> str:
    found = {one.check: one for one in record.detectable if one.change is not None}
    is_limited = {own.check for own in record.own_limits}
    names = {check: name.replace("any", "any other") if check in is_limited else name for check, name in _TOLD.items()}
    told = [_tell_change(found[check], name) for check, name in names.items() if check in found]
    if not told:
        return ""
    return f"In 4 of 5 windows of {record.window_rows:,} applications a move of {join_list(told)} would be found."


def _tell_change(one: Detectable, name: str) -> str:
    but = f" but {join_list(one.columns)}" if one.columns else ""
    return f"{format_amount(one.change or 0.0, one.unit)} {name}{but}"


def _tell_own_limits(own_limits: tuple[OwnLimit, ...]) -> str:
    told = [
        f"{name_check(own.check)}{f' of {own.column}' if own.column else ''} ({own.alarms} of {own.splits}; limit now "
        f"{format_amount(own.limit, own.unit)})"
        for own in own_limits
    ]
    return (
        f"More alarms than chance explains: {join_list(told)}. From now on these checks count only beyond the largest "
        "change that they showed in the splits."
    )
