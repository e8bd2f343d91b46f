"""Tables of a run in the Prefect UI: its findings, and champion against challenger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tasks.core.excess import count_limits
from tasks.core.findings import Finding, Verdict, rank_gravity, read_finding
from tasks.core.positive import Positive, name_check
from tasks.core.wording import VERDICTS, name_verdict
from tasks.prefect_ui.cells import format_p_value, round_value, state_amount


def tabulate_findings(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every finding as a row of short texts, the gravest first and among equals the one furthest beyond its limit.

    The UI cuts off what is wide: the numbers come before the names, and the sentence last.
    """
    positive = Positive(summary["contract"]["positive"])
    findings = sorted(map(read_finding, summary["findings"]), key=_rank)
    return [_make_row(finding, positive) for finding in findings]


def tabulate_comparison(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Champion and challenger side by side on the test days; no row where nothing was compared."""
    record = summary["comparison"]
    if not record:
        return []
    rows = []
    for name in ("auc", "accuracy", "precision", "recall", "f1", "brier", "rows"):
        values = {who: round_value(record[who][name]) for who in ("champion", "challenger")}
        rows.append({"measure": name, **values})
    low, high = record["interval"] or (None, None)
    difference = {"measure": "auc difference", "champion": "", "challenger": round_value(record["difference"])}
    return [
        *rows,
        difference,
        {"measure": "interval of the difference", "champion": round_value(low), "challenger": round_value(high)},
    ]


def _make_row(finding: Finding, positive: Positive) -> dict[str, Any]:
    mark, check = VERDICTS[Verdict(finding.verdict)].mark, name_check(finding.check, positive)
    return {
        "question": str(finding.question),
        "verdict": f"{mark} {name_verdict(finding.question, finding.verdict)}",
        "change": state_amount(finding, finding.effect),
        "limit": state_amount(finding, finding.limit),
        "what": f"{finding.subject}: {check}" if finding.subject else check,
        "p-value": format_p_value(finding.p_value),
        "sentence": finding.sentence,
    }


def _rank(finding: Finding) -> tuple[int, float]:
    return rank_gravity(finding.verdict), -count_limits(finding.effect, finding.limit, finding.unit)
