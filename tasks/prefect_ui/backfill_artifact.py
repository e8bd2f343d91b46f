"""The result of a backfill in the Prefect UI: what each window found, and links to its run and its report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect.artifacts import create_markdown_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter
from sqlalchemy import Engine

from tasks.backfill.found import Found, read_found
from tasks.backfill.queue import Replay, tag_replays
from tasks.core.findings import Outcome, Verdict
from tasks.core.run_tags import tag_outcome
from tasks.core.wording import name_outcome
from tasks.job.journal import describe_error, log
from tasks.prefect_ui.cells import escape
from tasks.prefect_ui.links import link_page, link_run
from tasks.prefect_ui.run_names import show_end

NOT_MONITORED = "not monitored"
PAGE = 200


@dataclass(frozen=True)
class WindowEnd:
    """How a window of a backfill ended. `alarms` names what its alarms are about; "" where there is none."""

    replay: Replay
    alarms: str = ""
    job_id: str = ""
    flow_run: UUID | None = None

    @property
    def outcome(self) -> str:
        """The outcome in words."""
        is_done = self.replay.state == "finished" and self.replay.outcome in set(Outcome)
        return name_outcome(self.replay.outcome) if is_done else NOT_MONITORED


def read_ends(engine: Engine, replays: Sequence[Replay]) -> list[WindowEnd]:
    """How every window ended, in the order of time."""
    found = read_found(engine, replays[0].backfill)
    return [_find_end(replay, found.get(replay.window.start)) for replay in replays]


def _find_end(replay: Replay, found: Found | None) -> WindowEnd:
    if found is None or replay.state != "finished":
        return WindowEnd(replay)
    return WindowEnd(replay, found.alarms, found.job_id)


def say_ends(ends: Sequence[WindowEnd]) -> str:
    """How many windows ended how, and what the alarms of which were about."""
    counts = Counter(end.outcome for end in ends)
    said = f"{len(ends)} windows: {', '.join(f'{count} {outcome}' for outcome, count in counts.items())}."
    alarms = [f"{end.replay.window}: {end.alarms}" for end in ends if end.alarms]
    return f"{said} Alarms: {'; '.join(alarms)}." if alarms else said


def render_ends(title: str, ends: Sequence[WindowEnd]) -> str:
    """The page of a backfill as Markdown: a row for each window."""
    rows = [f"| {end.replay.window} | {end.outcome} | {_name_cause(end)} | {_link(end)} |" for end in ends]
    head = ["| window | outcome | alarms | pages |", "|---|---|---|---|"]
    return "\n".join([f"# {escape(title)}", "", escape(say_ends(ends)), "", *head, *rows]) + "\n"


def publish_backfill(engine: Engine, contract: str, replays: Sequence[Replay]) -> str:
    """Show how a backfill ended: an artifact with links, the run's name and tags. Returns it in a sentence."""
    ends = read_ends(engine, replays)
    said = say_ends(ends)
    try:
        runs = _find_runs(tag_replays(replays))
        ends = [WindowEnd(e.replay, e.alarms, e.job_id, runs.get(str(e.replay.window.start))) for e in ends]
        title = f"{contract} {replays[0].window.start} to {replays[-1].window.end}: a backfill"
        create_markdown_artifact(render_ends(title, ends), key=f"windows-{replays[0].backfill}", description=said)
    except Exception as error:  # the UI is no reason to fail
        log.warning("The backfill could not be shown in the Prefect UI: %s", describe_error(error))
    alarms = sum(bool(end.alarms) for end in ends)
    unfinished = sum(end.outcome == NOT_MONITORED for end in ends)
    parts = [f"{len(ends)} windows", *([f"{alarms} with alarms"] if alarms else ["no alarm"])]
    parts += [f"{unfinished} {NOT_MONITORED}"] if unfinished else []
    tags = tag_outcome("unfinished" if unfinished else "done", has_alarm=bool(alarms))
    show_end(", ".join(parts), tags, Verdict.FAIL if alarms or unfinished else Verdict.PASS)
    return said


def _find_runs(tag: str) -> dict[str, UUID]:
    """The latest run of each window, by its first day."""
    wanted = FlowRunFilter.model_validate({"tags": {"all_": [tag]}})
    found: list[Any] = []
    with get_client(sync_client=True) as client:
        while len(page := client.read_flow_runs(flow_run_filter=wanted, limit=PAGE, offset=len(found))) == PAGE:
            found += page
    runs = sorted([*found, *page], key=lambda run: str(run.expected_start_time))
    return {str(run.parameters.get("start")): run.id for run in runs if run.parameters.get("start")}


def _name_cause(end: WindowEnd) -> str:
    return escape(end.alarms or (end.replay.message if end.outcome == NOT_MONITORED else ""))


def _link(end: WindowEnd) -> str:
    page = link_run(end.flow_run)
    links = [f"[run]({page})"] if page else []
    if end.job_id:
        report = link_page(Path(str(end.replay.parameters.get("results", "results"))) / end.job_id, "report.html")
        links.append(f"[report]({report})" if report.startswith(("http://", "https://")) else f"`{report}`")
    return ", ".join(links)
