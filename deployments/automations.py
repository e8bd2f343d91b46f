"""Automations as code: what Prefect itself does about runs that cannot speak, and about a promotion."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from prefect.automations import AutomationCore
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import StateType
from prefect.events import EventTrigger, Posture
from prefect.events.actions import ChangeFlowRunState, RunDeployment, SendNotification
from prefect.events.schemas.events import ResourceSpecification

from tasks.prefect_ui.event_names import PROMOTED, RESOURCE

RUNS = ResourceSpecification({"prefect.resource.id": "prefect.flow-run.*"})
OURS = ResourceSpecification({"prefect.resource.role": "tag", "prefect.resource.id": "prefect.tag.loanwatch"})
# Prefect names a run's last event after the state's name, which with us is the outcome: any event is a sign of life.
ANY_EVENT = "prefect.flow-run.*"


def notify_of_crashed_runs(notifier: UUID) -> AutomationCore:
    """A run that crashed cannot say so itself; one that hangs is marked as crashed first."""
    return AutomationCore(
        name="loanwatch: alert on crashed runs",
        description="Failed runs send their own alert; these cannot.",
        trigger=EventTrigger(
            expect={"prefect.flow-run.Crashed"},
            match=RUNS,
            match_related=OURS,
            posture=Posture.Reactive,
            threshold=1,
            within=timedelta(0),
        ),
        actions=[_notify(notifier, "{{ flow.name }} is {{ flow_run.state.name }}", "{{ flow_run.state.message }}")],
    )


def notify_of_late_runs(notifier: UUID, patience: timedelta) -> AutomationCore:
    """Prefect calls a run late after seconds; here it is reported when no worker has taken it up for long."""
    return AutomationCore(
        name="loanwatch: alert on late runs",
        description=f"Late for {patience.total_seconds():.0f} seconds: does a worker run?",
        trigger=EventTrigger(
            after={"prefect.flow-run.Late"},
            expect={
                f"prefect.flow-run.{name}" for name in ("Pending", "Running", "AwaitingConcurrencySlot", "Cancelled")
            },
            match=RUNS,
            match_related=OURS,
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=patience,
        ),
        actions=[_notify(notifier, "{{ flow.name }} is late", "No worker has taken it up. Does one run?")],
    )


def _notify(notifier: UUID, subject: str, body: str) -> SendNotification:
    return SendNotification(
        block_document_id=notifier,
        subject=f"loanwatch: {subject}",
        body=f"Run {{{{ flow_run.name }}}}: {body}\n{{{{ flow_run|ui_url }}}}",
    )


def crash_hung_runs(silence: timedelta) -> AutomationCore:
    """A run whose process was lost together with its worker stays Running for ever: no heartbeat means crashed."""
    return AutomationCore(
        name="loanwatch: mark runs without a heartbeat as crashed",
        description=f"No heartbeat for {silence.total_seconds():.0f} seconds.",
        trigger=EventTrigger(
            after={"prefect.flow-run.heartbeat"},
            expect={ANY_EVENT},
            match=RUNS,
            match_related=OURS,
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=silence,
        ),
        actions=[ChangeFlowRunState(state=StateType.CRASHED, name="Crashed", message="No heartbeat: the run is lost.")],
    )


def score_after_promotion(deployment: UUID) -> AutomationCore:
    """A new champion scores what is open at once, not with the next morning."""
    return AutomationCore(
        name="loanwatch: score after a promotion",
        description=f"Starts the deployment score on {PROMOTED}.",
        trigger=EventTrigger(
            expect={PROMOTED},
            match=ResourceSpecification({"prefect.resource.id": f"{RESOURCE}.*"}),
            posture=Posture.Reactive,
            threshold=1,
            within=timedelta(0),
        ),
        actions=[RunDeployment(source="selected", deployment_id=deployment)],
    )


def save_automations(client: SyncPrefectClient, wanted: Sequence[AutomationCore]) -> list[str]:
    """Create each, or bring the one of its name up to date; says what was done. No name is there twice."""
    done = []
    for automation in wanted:
        found: Any = client.read_automations_by_name(automation.name)
        if found:
            client.update_automation(found[0].id, automation)
        else:
            client.create_automation(automation)
        for extra in found[1:]:
            client.delete_automation(extra.id)
        done.append(f"automation {automation.name!r}: {'up to date' if found else 'created'}")
    return done
