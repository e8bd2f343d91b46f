"""Automations as code: what Prefect itself does about runs that cannot speak, and about a promotion."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from prefect.automations import AutomationCore
from prefect.client.schemas.objects import StateType
from prefect.events import EventTrigger, Posture
from prefect.events.actions import ChangeFlowRunState, RunDeployment, SendNotification
from prefect.events.schemas.events import ResourceSpecification

from tasks.prefect_ui.event_names import ASKED_RUNNING, ASKED_STARTING, LOST, PROMOTED, RESOURCE

RUNS = ResourceSpecification({"prefect.resource.id": "prefect.flow-run.*"})
# A run that was found lost is told by the automation that found it.
NOT_LOST = ResourceSpecification({"prefect.resource.id": "prefect.flow-run.*", "prefect.state-message": f"!{LOST}*"})
OURS = ResourceSpecification({"prefect.resource.role": "tag", "prefect.resource.id": "prefect.tag.loanwatch"})
# Prefect names a run's last event after its state, of which there are many: any event is a sign of life.
ANY_EVENT = "prefect.flow-run.*"
RUNNING = {f"prefect.flow-run.{name}" for name in ("heartbeat", "Running", "Retrying")}
STARTING = {f"prefect.flow-run.{name}" for name in ("Pending", "InfrastructurePending", "Submitting")}
TAKEN_UP = {f"prefect.flow-run.{name}" for name in ("Pending", "Running", "AwaitingConcurrencySlot", "Cancelled")}
# An image may have to be pulled first.
START_PATIENCE = timedelta(minutes=10)
# A run that waits says so twice a minute; a crash may be reported again by who finds it dead.
ONCE = timedelta(minutes=10)
# Without the address of its UI, a server has no link to give.
LINK = "{% if flow_run|ui_url %}\n{{ flow_run|ui_url }}{% else %} (flow run {{ flow_run.id }}){% endif %}"
# What the event of a promotion says of its table. A plain template gives text: JSON keeps what is null or a group. One
# that says nothing, as of an earlier loanwatch, leaves the deployment's own parameters.
SCORING = {
    name: {
        "__prefect_kind": "json",
        "value": {
            "__prefect_kind": "jinja",
            "template": f"{{{{ ((event.payload.scoring or {{}}).{name} or {default}) | tojson }}}}",
        },
    }
    for name, default in (("contract", "event.payload.contract"), ("database", "none"), ("policy", "none"))
}
NO_HEARTBEAT = f"{LOST} no heartbeat."
NEVER_STARTED = f"{LOST} it was taken up and never started."


def crash_hung_runs(silence: timedelta, notifier: UUID | None) -> AutomationCore:
    """A run whose process was lost together with its worker stays Running for ever: no heartbeat means crashed."""
    return AutomationCore(
        name="loanwatch: mark runs without a heartbeat as crashed",
        description="A run that was lost together with its worker stays Running for ever.",
        trigger=_silence_after({*RUNNING, ASKED_RUNNING}, {ANY_EVENT}, silence),
        actions=_mark_as_lost(NO_HEARTBEAT, notifier),
    )


def crash_unstarted_runs(notifier: UUID | None) -> AutomationCore:
    """A run whose worker was lost between taking it up and starting it stays Pending for ever."""
    return AutomationCore(
        name="loanwatch: mark runs that never started as crashed",
        description="A run whose worker was lost before its start stays Pending for ever.",
        trigger=_silence_after({*STARTING, ASKED_STARTING}, {ANY_EVENT}, START_PATIENCE),
        actions=_mark_as_lost(NEVER_STARTED, notifier),
    )


def _silence_after(after: set[str], expect: set[str], within: timedelta) -> EventTrigger:
    return EventTrigger(
        after=after,
        expect=expect,
        match=RUNS,
        match_related=OURS,
        for_each={"prefect.resource.id"},
        posture=Posture.Proactive,
        threshold=1,
        within=within,
    )


def _mark_as_lost(message: str, notifier: UUID | None) -> list[Any]:
    # Told here and not upon the event of the crash: after a restart Prefect holds that event back for 15 minutes if the
    # run's state before it is less than 5 minutes old, and forgets it if it restarts again.
    mark = ChangeFlowRunState(state=StateType.CRASHED, name="Crashed", message=message)
    return [mark, _notify(notifier, "{{ flow.name }} is Crashed", message)] if notifier else [mark]


def notify_of_crashed_runs(notifier: UUID) -> AutomationCore:
    """A run that crashed cannot say so itself."""
    return AutomationCore(
        name="loanwatch: alert on crashed runs",
        description="Failed runs send their own alert; these cannot.",
        trigger=_first_of("prefect.flow-run.Crashed", NOT_LOST),
        actions=[_notify(notifier, "{{ flow.name }} is Crashed", "{{ event.resource['prefect.state-message'] }}")],
    )


def notify_of_late_runs(notifier: UUID, patience: timedelta) -> AutomationCore:
    """Prefect calls a run late after seconds; here it is reported when no worker has taken it up for long."""
    return AutomationCore(
        name="loanwatch: alert on late runs",
        description="Does a worker run?",
        trigger=_silence_after({"prefect.flow-run.Late"}, TAKEN_UP, patience),
        actions=[_notify(notifier, "{{ flow.name }} is late", "No worker has taken it up. Does one run?")],
    )


def _notify(notifier: UUID, subject: str, body: str) -> SendNotification:
    return SendNotification(
        block_document_id=notifier,
        subject=f"loanwatch: {subject}",
        body=f"Run {{{{ flow_run.name }}}}: {body}{LINK}",
    )


def look_when_a_run_waits(deployment: UUID) -> AutomationCore:
    """The slot that a run waits for may be held by a run that is lost."""
    return AutomationCore(
        name="loanwatch: look for lost runs when a run has to wait",
        description="The slot may be held by a run that is lost.",
        trigger=_first_of("prefect.flow-run.AwaitingConcurrencySlot", RUNS),
        actions=[RunDeployment(source="selected", deployment_id=deployment)],
    )


def look_when_workers_are_back(deployment: UUID, pool: UUID) -> AutomationCore:
    """Where a machine was down, its runs are lost; a server that was down with it has forgotten to wait for them."""
    return AutomationCore(
        name="loanwatch: look for lost runs when a worker is back",
        description="What ran when the machine went down is lost.",
        trigger=_each("prefect.work-pool.ready", f"prefect.work-pool.{pool}"),
        actions=[RunDeployment(source="selected", deployment_id=deployment)],
    )


def _first_of(event: str, match: ResourceSpecification) -> EventTrigger:
    return EventTrigger(
        expect={event},
        match=match,
        match_related=OURS,
        for_each={"prefect.resource.id"},
        posture=Posture.Reactive,
        threshold=1,
        within=ONCE,
    )


def _each(event: str, resource: str) -> EventTrigger:
    return EventTrigger(
        expect={event},
        match=ResourceSpecification({"prefect.resource.id": resource}),
        posture=Posture.Reactive,
        threshold=1,
        within=timedelta(0),
    )


def score_after_promotion(deployment: UUID) -> AutomationCore:
    """A new champion scores what is open at once, not with the next morning: in its own table, by its own cut-off."""
    return AutomationCore(
        name="loanwatch: score after a promotion",
        description=f"Starts the deployment score on {PROMOTED}.",
        trigger=_each(PROMOTED, f"{RESOURCE}.*"),
        actions=[RunDeployment(source="selected", deployment_id=deployment, parameters=SCORING)],
    )
