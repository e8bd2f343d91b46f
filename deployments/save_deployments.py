"""Bring the deployments up to what prefect.yaml says, and leave alone what is so already or a person has changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentUpdate
from prefect.client.schemas.responses import DeploymentResponse
from prefect.exceptions import ObjectNotFound

from deployments.declared import Declared, name_schedule, read_declared, read_schedule, read_there, unfold
from deployments.memory import Memory
from deployments.which_side import ABSENT, Comparison, compare, merge, sign, sign_value

MODELS = "parameters.models"


def save_deployments(client: SyncPrefectClient, models: str | None, home: str, *, reset: bool) -> Iterator[str]:
    """Create or update each; says what was done.

    `models` is the model store of all runs, where it is named; `home` is the project's folder where runs are started.
    """
    memory = Memory(client, "deployments")
    for declared in read_declared(home):
        try:
            there = client.read_deployment_by_name(declared.full_name)
        except ObjectNotFound:
            there = None
        named = models or (find_models(there, memory.recall(declared.full_name)) if there and not reset else None)
        yield save_deployment(client, declare_models(declared, named), there, memory, reset=reset)
    memory.save()


def find_models(there: DeploymentResponse, last: Mapping[str, str] | None) -> str | None:
    """The model store that an earlier set-up named: it stays until another is named."""
    store = there.parameters.get("models")
    return store if store and last and last.get(MODELS) == sign_value(store) else None


def declare_models(declared: Declared, models: str | None) -> Declared:
    """The deployment with the model store that was named, where its flow takes one."""
    takes = "models" in declared.code["parameter_openapi_schema"].get("properties", {})
    if models is None or not takes or MODELS in declared.settings:
        return declared
    return dataclasses.replace(declared, settings=declared.settings | {MODELS: models})


def save_deployment(
    client: SyncPrefectClient, declared: Declared, there: DeploymentResponse | None, memory: Memory, *, reset: bool
) -> str:
    """Create it, or write only what differs; says what was done."""
    name = f"deployment {declared.full_name}"
    last = memory.recall(declared.full_name)
    memory.note(declared.full_name, sign(declared.settings))
    if there is None:
        create_deployment(client, declared)
        return f"{name}: created"
    code, settings = read_there(there)
    comparison = compare(declared.settings, settings, last, reset=reset)
    changed = {field: value for field, value in declared.code.items() if code[field] != value}
    merged = merge(settings, comparison)
    before, after = unfold(settings), unfold(merged)
    fields = changed | {field: value for field, value in after.items() if before[field] != value}
    if fields:
        client.update_deployment(there.id, DeploymentUpdate(**fields))
    save_schedules(client, there, comparison, merged)
    return comparison.describe(name, changed)


def create_deployment(client: SyncPrefectClient, declared: Declared) -> None:
    """Create it as prefect.yaml says."""
    paths = [path.removesuffix(".active") for path in declared.settings if path.startswith("schedules.")]
    client.create_deployment(
        flow_id=client.create_flow_from_name(declared.flow),
        name=declared.name,
        schedules=[read_schedule(path, declared.settings) for path in dict.fromkeys(paths)],
        **declared.code,
        **unfold(declared.settings),
    )


def save_schedules(
    client: SyncPrefectClient, there: DeploymentResponse, comparison: Comparison, merged: dict[str, Any]
) -> None:
    """Create, change or remove those schedules of a deployment that differ; the others keep their runs."""
    ids = {name_schedule(schedule): schedule.id for schedule in there.schedules}
    written = [path.removesuffix(".active") for path in comparison.write if path.startswith("schedules.")]
    for path in dict.fromkeys(written):
        found: UUID | None = ids.get(path)
        if merged.get(path, ABSENT) is ABSENT:
            if found:
                client.delete_deployment_schedule(there.id, found)
            continue
        schedule = read_schedule(path, {f"{path}.active": True} | merged)
        if found is None:
            client.create_deployment_schedules(there.id, [schedule])
        else:
            client.update_deployment_schedule(
                there.id, found, schedule.active, schedule.schedule, parameters=schedule.parameters
            )
