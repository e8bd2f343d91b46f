"""Values as the cells of a table in the Prefect UI."""

from __future__ import annotations

from typing import Any

from tasks.core.findings import Finding, Question
from tasks.core.wording import AUC, format_amount


def escape(text: str) -> str:
    """Text from the data, escaped so that Markdown shows it unchanged, in a table too."""
    return "".join(f"\\{sign}" if sign in "\\`*_[]#|<>!" else sign for sign in text).replace("\n", " ")


def state_amount(finding: Finding, value: float | None) -> str:
    """An effect or a limit with its unit; nothing where there is none."""
    if value is None:
        return ""
    if finding.unit == AUC:
        return f"{value:.3f} {AUC}"
    if finding.unit.startswith("share") or finding.question is not Question.QUALITY:
        return format_amount(value, finding.unit)
    return f"{value:,.4g} {finding.unit}".strip()


def format_p_value(p_value: float | None) -> str:
    """A p-value in two digits."""
    if p_value is None:
        return ""
    return "< 0.000001" if p_value < 1e-6 else f"{float(p_value):.2g}"


def round_value(value: Any) -> Any:
    """A value that JSON and the UI's table take."""
    if value is None:
        return ""
    return round(value, 5) if isinstance(value, float) else value
