"""Compose: the message of a run's outcome, from its result and from what has changed since earlier runs."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.alerts.block_kit import Message
from tasks.alerts.repeats import FindingChanges, describe_recovered, fingerprint, is_open
from tasks.core.causes import Cause, describe_cause, group_causes, name_others, name_parts
from tasks.core.changed_limits import tell_changed_limits
from tasks.core.findings import DRIFT_QUESTIONS, Finding, Outcome, Verdict, summarise
from tasks.core.positive import Positive
from tasks.core.wording import join_list
from tasks.job.run_result import RunResult
from tasks.prefect_ui.links import find_flow_run_id, link_history, link_page, link_run
from tasks.registry.entries import Entry


def compose_outcome(result: RunResult, changes: FindingChanges, shown: int, placed: Sequence[Entry] = ()) -> Message:
    """The run's message: severity, outcome, the gravest changes with their numbers, what was done, the models.

    Findings of one cause are one line, and of each list at most `shown` lines are listed. `placed` are the rows of the
    ledger that the run has written.
    """
    new, still, silent = sort_causes(result, changes)
    positive = result.positive
    lists = {
        "New": _list(new, changes.new, shown, positive),
        "New because a limit was changed": _tell_limits([*map(fingerprint, changes.new)], changes, positive)[:shown],
        "Still": _list(still, changes.still, shown, positive),
        "No longer an alarm because a limit was changed": _tell_limits(changes.relaxed, changes, positive)[:shown],
        "Recovered": describe_recovered(changes.recovered, positive)[:shown],
        "Known": _list_known(changes.known, shown, positive),
    }
    outcome = str(result.outcome).replace("_", " ")
    severity = grade(result.outcome, [*changes.reported, *changes.silent])
    seen = f"python -m flows.settle --seen --run {result.job_id} --who NAME --why COMMENT"
    return Message(
        severity=severity,
        title=f"{result.contract} {result.window}: {outcome}",
        lead=" ".join(filter(None, (result.reason, *_add_to_reason(result, placed, silent)))),
        lists=lists,
        facts={
            "Outcome": outcome,
            **_describe_models(result, placed),
            **_describe_limits(result),
            **({} if severity == "info" else {"To say that it was seen": seen}),
        },
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


def list_untested(result: RunResult) -> list[str]:
    """The drift questions that a run which acted on an alarm could not answer; the reason of another names them."""
    if result.outcome not in (Outcome.KEPT, Outcome.PROMOTED):
        return []
    asked = {finding.question for finding in result.findings}
    return [str(name) for name in DRIFT_QUESTIONS if name in asked and is_open(summarise(result.findings, name))]


def _add_to_reason(result: RunResult, placed: Sequence[Entry], silent: Sequence[Cause]) -> list[str]:
    """What a message says after the run's reason, which tells of a challenger that was promoted."""
    said = []
    for row in placed:
        if row.from_version is None:
            said.append(f"Version {row.to_version} is the first model in production.")
        elif result.outcome is not Outcome.PROMOTED:
            said.append(f"Version {row.to_version} is in production in place of version {row.from_version}: {row.why}")
    if untested := list_untested(result):
        said.append(f"{join_list(untested).capitalize()} drift could not be tested.")
    if silent:
        verbs = "finding persists and is" if len(silent) == 1 else "findings persist and are"
        said.append(f"{len(silent)} earlier {verbs} not repeated.")
    return said


def _tell_limits(marks: Sequence[str], changes: FindingChanges, positive: Positive) -> list[str]:
    """A line for each of these fingerprints that a changed limit explains."""
    return [
        f"{line}: {changes.by_limit[mark]}"
        for mark in marks
        if mark in changes.by_limit
        for line in describe_recovered([mark], positive)
    ]


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


def _describe_models(result: RunResult, placed: Sequence[Entry]) -> dict[str, str]:
    if result.champion is None:
        return {"Model": "the champion stays"}
    # The name of a lender's own model stays as it is; a kind is one word.
    kind = result.champion_kind
    named = f"version {result.champion} ({kind if ' ' in kind else kind.replace('_', ' ')})"
    facts = {"Model before": named, "Model after": f"version {result.champion_after or result.champion}"}
    if placed:
        ends = {"Model before": placed[0].from_version, "Model after": placed[-1].to_version}
        for name, version in ends.items():
            facts[name] = named if version == result.champion else f"version {version}" if version else "none"
    if result.champion_auc is not None and result.challenger_auc is not None:
        facts["AUC"] = f"champion {result.champion_auc:.3f}, challenger {result.challenger_auc:.3f}"
    return facts


def _describe_limits(result: RunResult) -> dict[str, str]:
    said = tell_changed_limits(result.changed_limits)
    return {"Changed limits": said} if said else {}


def _find_links(result: RunResult) -> dict[str, str]:
    page = link_run(find_flow_run_id())
    return {
        **({"Run": page} if page else {}),
        "Report": link_page(result.results, "report.html"),
        "History": f"{link_history(result.results.parent)}#run-{result.job_id}",
    }
