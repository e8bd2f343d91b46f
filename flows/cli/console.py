"""The terminal: one line per stage during a run, and a short table of its verdicts at the end."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tasks.core.answers import answer
from tasks.core.findings import Outcome, Verdict
from tasks.core.notices import list_notices
from tasks.core.wording import GREEN, OUTCOMES, RED, VERDICTS, name_outcome, name_verdict
from tasks.job.stages import PLACES

Show = Callable[[Console, dict[str, Any]], None]


class StageLines(logging.Handler):
    """Shows the journal's entries: a spinner while a stage runs, then its result and seconds.

    `show_verdict` shows the record of a run whose verdict is told; without it that is a line like any other.
    """

    def __init__(self, console: Console, show_verdict: Show | None = None) -> None:
        super().__init__(logging.INFO)
        self._console, self._show_verdict = console, show_verdict
        self._status = console.status("")
        self._began: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Show one entry of the journal; other log records of loanwatch are shown as they are."""
        stage, status = getattr(record, "stage", None), getattr(record, "status", None)
        if status == "started":
            self._began[str(stage)] = time.monotonic()
            self._status.update(f"{_spell(str(stage))} …")
            self._status.start()
            return
        self._status.stop()
        if status == "reported":
            return
        summary = getattr(record, "summary", None)
        if summary is not None and self._show_verdict is not None:
            self._show_verdict(self._console, summary)
            return
        if stage is None:
            self._console.print(f"  {record.getMessage()}", markup=False, highlight=False)
            return
        seconds = time.monotonic() - self._began.pop(str(stage), time.monotonic())
        mark, colour = ("✓", GREEN.terminal) if status == "finished" else ("✗", RED.terminal)
        line = Text.assemble(
            (f"  {mark} ", colour), f"{_spell(str(stage)):<16}", (f"{seconds:6.1f} s  ", "dim"), record.getMessage()
        )
        self._console.print(line)


def prepare_console(show_verdict: Show | None = None) -> Console:
    """Send the stages' lines to the terminal, and Prefect's own lines only to its server."""
    console = Console(highlight=False)
    log = logging.getLogger("loanwatch")
    log.setLevel(logging.INFO)
    log.propagate = False
    log.addHandler(StageLines(console, show_verdict))
    for name in ("", "prefect", "prefect.flow_runs", "prefect.task_runs"):
        for handler in logging.getLogger(name).handlers:
            if type(handler).__name__ == "PrefectConsoleHandler":
                handler.setLevel(logging.CRITICAL + 1)
    return console


def show_verdict(console: Console, summary: dict[str, Any]) -> None:
    """The answers to the five questions, the decision, and where the report is: before the other pages are drawn."""
    window, reference = summary["window"], summary["reference"]
    console.print()
    console.print(
        f"{summary['contract']['name']}, {window['start']} to {window['end']}: {window['applications']:,} applications",
        style="bold",
    )
    if reference:
        console.print(
            f"against {reference['start']} to {reference['end']}: {reference['applications']:,} applications",
            style="dim",
        )
    console.print(make_table(summary))
    console.print(f"\n  {summary['reason']}", markup=False)
    notices = list_notices(summary)
    if notices:
        console.print("\n  Also worth reading:")
    for notice in notices:
        console.print(f"  - {notice.text}", markup=False)
    if not _is_made(summary, "self_check"):  # else it comes last
        _show_self_checks(console, summary)
    if "report" in summary["pages"]:
        console.print(f"  report: {summary['results']}/{summary['pages']['report']}", markup=False, soft_wrap=True)
    console.print(f"  {name_outcome(summary['outcome'], was_retrained=bool(summary['comparison']))}", style="bold")
    if not any(_is_made(summary, stage) for stage in PLACES):  # else its seconds are those of what followed, too
        console.print(
            f"  verdict after {summary['start_up_seconds'] + summary['seconds']:.1f} s, "
            f"of which {summary['start_up_seconds']:.1f} s to the first query\n",
            style="dim",
        )


def show_end(console: Console, summary: dict[str, Any]) -> None:
    """What has come after the verdict, and the outcome once more, as the last line."""
    if _is_made(summary, "self_check"):
        _show_self_checks(console, summary)
    outcome = Outcome(summary["outcome"])
    console.print(Text.assemble("outcome: ", (str(outcome), f"bold {OUTCOMES[outcome].tone.terminal}")))


def _is_made(summary: dict[str, Any], stage: str) -> bool:
    """Whether this run has come to a stage that not every run has."""
    return any(entry["stage"] == stage for entry in summary["stages"])


def _show_self_checks(console: Console, summary: dict[str, Any]) -> None:
    for check in summary["self_checks"]:
        console.print(f"  self-check of version {check['version']}: {check['sentence']}", markup=False, style="dim")


def make_table(summary: dict[str, Any]) -> Table:
    """A row for each question: its verdict and its answer."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for question, verdict in summary["verdicts"].items():
        label = VERDICTS[Verdict(verdict)]
        table.add_row(
            Text(f"  {label.mark}", label.tone.terminal),
            question,
            Text(name_verdict(question, verdict), label.tone.terminal),
            Text(answer(summary, question, verdict)),
        )
    return table


def _spell(stage: str) -> str:
    return stage.replace("_", " ")
