"""What was done about each alarm: the model, what persons said, and what later runs found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from tasks.changes.past_runs import ACCEPT, REOPEN
from tasks.core.alarms import describe_alarms
from tasks.core.findings import Outcome, Verdict, read_finding
from tasks.reports.history.records import FAILED, History, PastRun, Record
from tasks.reports.history.words import format_window

VERBS = {ACCEPT: "accepted", REOPEN: "opened again"}
OPEN = "still open"


@dataclass(frozen=True)
class Answered:
    """A run that had something to report: what it was, what was done about it, and how the message was delivered.

    Without a message (`alert` is None) the run was a window of a backfill, or had reported the same shortly before.
    """

    run: PastRun
    what: str
    done: Sequence[str]
    alert: Record | None

    @property
    def is_open(self) -> bool:
        """Whether nothing was done, or nothing that ended it."""
        return self.done[-1] == OPEN


def list_answered(history: History) -> list[Answered]:
    """The runs of a history that had something to report, the newest window first."""
    alerts = {alert["job_id"]: alert for alert in reversed(history.alerts)}
    return [
        Answered(run, what, list(_list_done(history, run)), _find_alert(alerts, run))
        for _, runs in history.by_window
        for run in runs
        if (what := describe_trouble(run))
    ]


def list_other_alerts(history: History, answered: Sequence[Answered]) -> list[Record]:
    """The messages that are about no run of the list: models in production, backfills, failed trainings."""
    listed = {answer.alert["alert_id"] for answer in answered if answer.alert}
    return [alert for alert in history.alerts if alert["alert_id"] not in listed]


def _find_alert(alerts: Mapping[str, Record], run: PastRun) -> Record | None:
    """The message of a run; that of a failed one goes by its Prefect run."""
    return alerts.get(run.job_id) or alerts.get(run.flow_run_page.rpartition("/")[2])


def describe_trouble(run: PastRun) -> str:
    """What a run had to report, in a few words; nothing where it was quiet, or was told to stop."""
    if run.outcome == FAILED:
        return f"run failed at {(run.stopped_at or '').replace('_', ' ')}: {run.message}" if run.stopped_at else ""
    alarms = describe_alarms([read_finding(f) for f in run.findings if f["verdict"] == Verdict.FAIL])
    if run.outcome == Outcome.UNDECIDED:
        return "a question could not be answered"
    return alarms


def _list_done(history: History, run: PastRun) -> Iterator[str]:
    """What was done, in the order in which a reader asks; the last line says where it is still open."""
    done: list[str] = []
    version = next((row["to_version"] for row in history.promotions if row["job_id"] == run.job_id), None)
    if run.outcome == Outcome.PROMOTED:
        done.append(f"version {version} was promoted" if version else "a challenger was promoted")
    elif run.outcome == Outcome.KEPT:
        yield run.outcome_name
    for said in (said for said in history.settlements if said["job_id"] == run.job_id):
        words = _write_settlement(said)
        if said["action"] == ACCEPT:
            done.append(words)
        else:
            done = [] if said["action"] == REOPEN else done
            yield words
    if again := _find_next_run(history, run):
        done.append(f"run again on {again.started_at:%-d %b %Y}: {again.outcome_name}")
    if later := _follow(history, run):
        done.append(later)
    yield from done or [OPEN]


def _write_settlement(said: Record) -> str:
    who = f"by {said['who']} on {said['recorded_at']:%-d %b %Y}: {said['why']}"
    return f"{said['family']} {VERBS[said['action']]} {who}" if said["family"] else f"seen {who}"


def _find_next_run(history: History, run: PastRun) -> PastRun | None:
    """The latest run over the same window that came to an outcome, where it is later."""
    later = (r for r in history.runs if r.window == run.window and r.started_at > run.started_at and r.stored_outcome)
    return next(later, None) if run.window else None


def _follow(history: History, run: PastRun) -> str:
    """What later windows say of a run's alarms: no longer found, since when; or known, or still an alarm."""
    marks = {mark for mark, verdict in run.marks.items() if verdict == Verdict.FAIL}
    ended = run.window[1] if run.window else date.max
    later = [other for other in history.windows if other.window and other.window[1] > ended]
    if run.outcome == Outcome.QUALITY_FAILED:
        fit = next((other for other in later if other.outcome != Outcome.QUALITY_FAILED), None)
        return f"the window was not judged; {_name(fit)} was fit again" if fit else ""
    asked = [other for other in later if marks & other.marks.keys()]
    if not marks or not asked:
        return ""
    for other in asked:
        verdicts = {other.marks.get(mark) for mark in marks}
        if not verdicts & {Verdict.FAIL, Verdict.KNOWN}:
            return f"no longer found since {_name(other)}"
    return "" if Verdict.FAIL in verdicts else f"known in the later windows, the last {_name(asked[-1])}"


def _name(run: PastRun) -> str:
    return format_window(run.window) if run.window else ""
