"""Alert: what a run reports goes into the outbox `loanwatch.alert`, from there to Slack, and to the log.

An alert never fails a run: what goes wrong here stands in the journal, and what was not delivered goes with the next
run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from blocks.postgres.connect import connect
from tasks.alerts.block_kit import Message
from tasks.alerts.deliver import deliver_waiting, make_entry
from tasks.alerts.outbox import add_alert
from tasks.alerts.repeats import FindingChanges, compare_with_earlier, describe_recovered, fingerprint, read_earlier
from tasks.core.causes import Cause, describe_cause, group_causes, name_others, name_parts
from tasks.core.findings import Finding, Outcome, Verdict
from tasks.core.policy import AlertPolicy
from tasks.core.positive import Positive
from tasks.job.job import Job
from tasks.job.journal import describe_error, log
from tasks.job.run_result import RunResult
from tasks.job.stage import stage
from tasks.prefect_ui.links import find_flow_run_id, link_page, link_run


@dataclass(frozen=True)
class AlertResult:
    """The run's message, None where there was nothing to report; and what happened to it and to earlier ones."""

    message: Message | None
    delivery: str

    def __str__(self) -> str:
        """For the journal."""
        severity = self.message.severity if self.message else "nothing to report"
        return f"{severity}; {self.delivery}" if self.delivery else severity


@stage("alert", str)
def send_outcome_alert(job: Job, result: RunResult) -> AlertResult:
    """Report the run's outcome where the policy asks for it, and deliver what waits in the outbox.

    A window of a backfill sends nothing: its backfill sends one message for all (`send_backfill_alert`).
    """
    if job.backfill:
        return AlertResult(None, "the backfill reports all its windows in one message")
    message = None
    try:
        engine = connect(job.database)
        message = _save_outcome(engine, job, result)
        return AlertResult(message, deliver_waiting(engine, job.policy.alerts))
    except Exception as error:  # an alert never fails a run, whatever it is
        log.warning("The alert could not be sent: %s", describe_error(error))
        return AlertResult(message, f"not sent: {describe_error(error)}")


def compose_outcome(result: RunResult, changes: FindingChanges, shown: int) -> Message:
    """The run's message: severity, outcome, the gravest changes with their numbers, what was done, the models.

    Findings of one cause are one line, and of each list at most `shown` lines are listed.
    """
    new, still, silent = sort_causes(result, changes)
    lists = {
        "New": _list(new, changes.new, shown, result.positive),
        "Still": _list(still, changes.still, shown, result.positive),
        "Recovered": describe_recovered(changes.recovered, result.positive)[:shown],
        "Known": _list_known(changes.known, shown, result.positive),
    }
    known = f"{len(silent)} earlier findings persist and are not repeated." if silent else ""
    outcome = str(result.outcome).replace("_", " ")
    return Message(
        severity=grade(result.outcome, [*changes.reported, *changes.silent]),
        title=f"{result.contract} {result.window}: {outcome}",
        lead=f"{result.reason} {known}".strip(),
        lists=lists,
        facts={"Outcome": outcome, **_describe_models(result)},
        links=_find_links(result),
        alert_id=f"{result.job_id}/outcome",
    )


def sort_causes(result: RunResult, changes: FindingChanges) -> tuple[list[Cause], list[Cause], list[Cause]]:
    """The causes with something new, those with something due again, and those that are known: each in one list only.

    Notes are among their parts: all columns together may raise the alarm for a column that is noted by itself.
    """
    notes = [finding for finding in result.findings if finding.verdict is Verdict.WARN]
    causes = group_causes([*changes.new, *changes.still, *changes.silent, *notes])
    lists: tuple[list[Cause], list[Cause], list[Cause]] = ([], [], [])
    for cause in causes:
        for listed, told in zip(lists, (changes.new, changes.still, changes.silent), strict=True):
            if any(finding in told for finding in cause.findings):
                listed.append(cause)
                break
    return lists


def grade(outcome: Outcome, troubles: Sequence[Finding]) -> str:
    """How loud: critical for unfit data, warning for drift or an open question, info for the rest."""
    if outcome is Outcome.QUALITY_FAILED:
        return "critical"
    return "warning" if troubles or outcome is Outcome.UNDECIDED else "info"


def is_worth_sending(outcome: Outcome, changes: FindingChanges, policy: AlertPolicy) -> bool:
    """A promotion and what is new, due again or over are reported; a quiet run only where the policy asks for it."""
    return bool(outcome is Outcome.PROMOTED or changes.reported or changes.recovered or policy.when_stable)


def _save_outcome(engine: Engine, job: Job, result: RunResult) -> Message | None:
    policy = job.policy.alerts
    with engine.connect() as connection:
        earlier = read_earlier(connection, job)
    unanswered_too = result.outcome is Outcome.UNDECIDED
    changes = compare_with_earlier(result.findings, unanswered_too, earlier, policy.still_every, result.champion)
    if not is_worth_sending(result.outcome, changes, policy):
        return None
    message = compose_outcome(result, changes, policy.shown)
    marks = tuple(fingerprint(finding) for finding in changes.reported)
    add_alert(engine, make_entry(result.contract, result.job_id, message, marks))
    log.warning("%s\n%s", message.title, message.lead, extra={"stage": "alert", "status": "reported"})
    return message


def _list(causes: Sequence[Cause], told: Sequence[Finding], shown: int, positive: Positive) -> list[str]:
    lines = []
    for cause in causes[:shown]:
        parts = name_parts(cause, positive, told)
        lines.append(describe_cause(cause, told) + (f" Of the same cause: {parts}." if parts else ""))
    rest = causes[shown:]
    return [*lines, f"and {len(rest)} more in the report: {name_others(rest, positive)}"] if rest else lines


def _list_known(known: Sequence[Finding], shown: int, positive: Positive) -> list[str]:
    """A line for each change that an earlier run has answered: what, since when, and what was done."""
    lines = [
        f"{cause.name(positive)}: since {cause.answer.since}; {cause.answer.how}"
        for cause in group_causes(known)
        if cause.answer
    ]
    rest = len(lines) - shown
    return [*lines[:shown], f"and {rest} more in the report"] if rest > 0 else lines


def _describe_models(result: RunResult) -> dict[str, str]:
    if result.champion is None:
        return {"Model": "the champion stays"}
    # The name of a lender's own model stays as it is; a kind is one word.
    kind = result.champion_kind
    facts = {"Model before": f"version {result.champion} ({kind if ' ' in kind else kind.replace('_', ' ')})"}
    facts["Model after"] = f"version {result.champion_after or result.champion}"
    if result.champion_auc is not None and result.challenger_auc is not None:
        facts["AUC"] = f"champion {result.champion_auc:.3f}, challenger {result.challenger_auc:.3f}"
    return facts


def _find_links(result: RunResult) -> dict[str, str]:
    page = link_run(find_flow_run_id())
    return {**({"Run": page} if page else {}), "Report": link_page(result.results, "report.html")}
