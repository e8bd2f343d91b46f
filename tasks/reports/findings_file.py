"""The findings of a run as a table for a spreadsheet: findings.csv beside the report, a row for each check."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tasks.core.files import write_text
from tasks.core.positive import Positive, name_check
from tasks.core.wording import VERDICTS

FINDINGS_FILE = "findings.csv"
NUMBERS = (
    "reference", "current", "effect", "limit", "standard_error", "p_value", "level", "smallest_detectable",
)  # fmt: skip
HEAD = ("question", "check", "column", "result", *NUMBERS, "unit", "since", "sentence")
# A spreadsheet takes a cell that begins with one of these for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_findings_file(folder: Path, summary: Mapping[str, Any]) -> None:
    """Write findings.csv into the folder of a run: what the report says, and no application. Raises WriteError."""
    write_text(folder / FINDINGS_FILE, format_findings(summary))


def format_findings(summary: Mapping[str, Any]) -> str:
    """A head and a row for each finding; numbers in full, shares between 0 and 1.

    Parameters
    ----------
    summary : mapping
        A run's record, as in summary.json.
    """
    text, positive = io.StringIO(), Positive(summary["contract"]["positive"])
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEAD)
    for finding in summary["findings"]:
        onset = finding.get("onset") or {}
        words = (
            finding["question"],
            name_check(finding["check"], positive),
            finding["subject"] or ", ".join(finding["columns"]),
            VERDICTS[finding["verdict"]].name,
        )
        numbers = ("" if finding[name] is None else repr(finding[name]) for name in NUMBERS)
        last = (finding["unit"], onset.get("day") or "", finding["sentence"])
        writer.writerow([*map(_guard, words), *numbers, *map(_guard, last)])
    return text.getvalue()


def _guard(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
