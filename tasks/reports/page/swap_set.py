"""The swap set beside the comparison of champion and challenger, as texts."""

from __future__ import annotations

from typing import Any

from tasks.bank.meaning import read_meanings
from tasks.core.wording import format_share
from tasks.reports.page.wording import Record

GROUPS = {
    "both_given": "both",
    "newly_given": "the challenger only (newly given)",
    "newly_refused": "the champion only (newly refused)",
    "both_refused": "neither",
}


def show_swap_set(summary: Record) -> dict[str, Any] | None:
    """What the template shows of a comparison; None where nothing was compared, or no row could be."""
    contest = (summary.get("comparison") or {}).get("bank")
    if not contest or contest["swap_set"] is None:
        return None
    swap = contest["swap_set"]
    return {
        "says": read_meanings()["swap_set"].says,
        "basis": contest["basis"],
        "threshold": f"{contest['threshold']:.3g}",
        "champion_rate": format_share(swap["champion_rate"]),
        "challenger_rate": format_share(swap["challenger_rate"]),
        "rows": [_show_group(name, swap[key]) for key, name in GROUPS.items()],
        "sentence": " ".join(filter(None, (_explain_difference(swap), _explain_profit(contest["profit"])))),
    }


def _show_group(name: str, group: Record) -> dict[str, str]:
    has_rows = group["share"] is not None
    return {
        "name": name,
        "rows": f"{group['rows']:,}",
        "good": f"{group['good']:,}",
        "share": format_share(group["share"]) if has_rows else "",
        "interval": f"{format_share(group['low'])} to {format_share(group['high'])}" if has_rows else "",
    }


def _explain_difference(swap: Record) -> str:
    if swap["difference"] is None:
        return "No application would be swapped, or on one side only: there is nothing to compare."
    low, value, high = (100 * swap[name] for name in ("low", "difference", "high"))
    word = "higher" if value >= 0 else "lower"
    return (
        f"The share of good ones is {abs(value):.1f} points {word} among the newly given "
        f"than among the newly refused (95 % interval {low:+.1f} to {high:+.1f} points)."
    )


def _explain_profit(profit: Record | None) -> str:
    if profit is None or profit["champion"] is None or profit["challenger"] is None:
        return ""
    champion, challenger = profit["champion"], profit["challenger"]
    return (
        f"Expected profit for each application, giving as many loans: champion {champion['per_application']:,.2f}, "
        f"challenger {challenger['per_application']:,.2f} {challenger['unit']}".strip()
        + f", on {challenger['rows']:,} applications."
    )
