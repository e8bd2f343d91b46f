"""Verdicts: the result of a comparison as a plain object, as a report, and as what a notebook shows of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from blocks.errors import UsageError
from tasks.compare.ask import Compared, ComparedOutcome
from tasks.compare.summary import SCHEMA, summarise_comparison
from tasks.core.answers import answer
from tasks.core.files import write_json, write_text
from tasks.core.findings import Finding, Verdict
from tasks.core.wording import OUTCOMES, RED, Label
from tasks.reports.page.evidence import Evidence
from tasks.reports.page.page import render_report
from tasks.reports.page.template import render_fragment
from tasks.reports.page.wording import describe_questions, find_positive, write_headline

GENERATOR = "loanwatch comparison"
LABELS: dict[str, Label] = {str(outcome): label for outcome, label in OUTCOMES.items()} | {
    str(ComparedOutcome.CHANGED): Label("changed", RED)
}
_HEAD = 4_096  # characters in which a file says what it is


class ForeignFileError(UsageError):
    """A file that would be replaced is not one of ours."""


@dataclass(frozen=True, eq=False)
class Verdicts:
    """What was found of two tables. In a notebook it shows itself.

    Examples
    --------
    ``result.outcome`` is quality_failed, stable, undecided or changed; ``result.verdicts["data"]`` is the answer of a
    question; ``result.findings`` holds every check, and ``result.summary`` all of it as plain values.
    """

    compared: Compared

    @property
    def outcome(self) -> str:
        """quality_failed, stable, undecided or changed."""
        return str(self.compared.outcome)

    @property
    def reason(self) -> str:
        """Why the outcome is what it is."""
        return self.compared.reason

    @property
    def verdicts(self) -> dict[str, str]:
        """Each question's verdict."""
        return dict(self.summary["verdicts"])

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every check."""
        return self.compared.findings

    @property
    def alarms(self) -> tuple[Finding, ...]:
        """The checks that failed."""
        return tuple(finding for finding in self.findings if finding.verdict is Verdict.FAIL)

    @cached_property
    def summary(self) -> dict[str, Any]:
        """All of it as plain values."""
        return summarise_comparison(self.compared)

    def write_report(self, path: str | Path = "report.html") -> Path:
        """Write the report, a page that opens offline. It replaces an earlier report of a comparison, and nothing else.

        Raises ForeignFileError, or WriteError where the file cannot be written.
        """
        file = Path(path)
        refuse_foreign(file)
        write_text(file, render_comparison(self.compared, self.summary))
        return file

    def write_findings(self, path: str | Path) -> Path:
        """Write `summary` as JSON, in the place of an earlier one of a comparison or of no file. Raises as above."""
        file = Path(path)
        refuse_foreign(file)
        write_json(file, self.summary)
        return file

    def _repr_html_(self) -> str:
        return render_fragment(
            "verdicts.html.j2",
            summary=self.summary,
            QUESTIONS=describe_questions(find_positive(self.summary)),
            outcome=LABELS[self.outcome],
            headline=write_headline(self.summary),
            answers={name: answer(self.summary, name, verdict) for name, verdict in self.verdicts.items()},
        )


def render_comparison(compared: Compared, summary: dict[str, Any]) -> str:
    """The report as HTML: a run's, without what only a run has."""
    comparison, contract = compared.comparison, compared.sides.contract
    evidence = Evidence(comparison, contract) if comparison is not None else None
    record = {**summary, "champion": summary["model"], "comparison": None, "self_checks": [], "pages": {}}
    return render_report(
        record, evidence, template="comparison.html.j2", outcome=LABELS[summary["outcome"]], generator=GENERATOR
    )


def refuse_foreign(file: Path) -> None:
    """Raises ForeignFileError where the file is there and no comparison has made it."""
    if not file.exists():
        return
    begins = ""
    if file.is_file():
        with file.open(encoding="utf-8", errors="replace") as opened:
            begins = opened.read(_HEAD)
    if f'content="{GENERATOR}"' not in begins and f'"schema": "{SCHEMA}"' not in begins:
        raise ForeignFileError(f"{file} is there and was not made by a comparison. Remove it, or name another file.")
