"""Bring the automations up to date, and leave alone what is so already or a person has changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from prefect.automations import AutomationCore
from prefect.client.orchestration import SyncPrefectClient
from prefect.events.schemas.automations import Automation

from deployments.memory import Memory
from deployments.which_side import compare, merge, sign

CODE = ("description", "trigger", "actions")
# Where an automation has one, a person sets it by an option, or in the UI.
SECONDS = "trigger.within"


@dataclass(frozen=True)
class Wanted:
    """An automation of ours. `seconds` is what its option said: None for as it is."""

    automation: AutomationCore
    seconds: int | None = None


def save_automations(client: SyncPrefectClient, wanted: Iterable[Wanted], *, reset: bool) -> Iterator[tuple[str, bool]]:
    """Create or update each; says what was done, and whether anything was. No name is there twice.

    An automation that is written again forgets for which runs it waits: Prefect gives its trigger a new id.
    """
    memory = Memory(client, "automations")
    for each in wanted:
        found = client.read_automations_by_name(each.automation.name)
        for extra in found[1:]:
            client.delete_automation(extra.id)
        yield save_automation(client, each, found[0] if found else None, memory, reset=reset)
    memory.save()


def save_automation(
    client: SyncPrefectClient, wanted: Wanted, there: Automation | None, memory: Memory, *, reset: bool
) -> tuple[str, bool]:
    """Create it, or write it only if it differs; says what was done, and whether anything was."""
    name = wanted.automation.name
    ours = flatten(_with_seconds(wanted.automation, wanted.seconds))
    if there is None:
        client.create_automation(_with_seconds(wanted.automation, wanted.seconds))
        memory.note(name, sign(ours))
        return f"automation {name!r}: created", True
    theirs = flatten(there)
    # An automation of before there was a memory: what nobody writes by hand is loanwatch's own.
    last = memory.recall(name) or {**sign(ours), **{field: sign(theirs)[field] for field in CODE}}
    there_now = sign(theirs)[SECONDS]
    if wanted.seconds:
        last = {**last, SECONDS: there_now}
    elif not reset and last.get(SECONDS) == there_now:
        ours[SECONDS] = theirs[SECONDS]  # by an option of an earlier set-up
    comparison = compare(ours, theirs, last, reset=reset)
    memory.note(name, sign(ours))
    if comparison.write:
        client.update_automation(there.id, restore(name, merge(theirs, comparison)))
    return comparison.describe(f"automation {name!r}"), bool(comparison.write)


def flatten(automation: AutomationCore) -> dict[str, Any]:
    """What an automation says, by path, in a form in which equal ones are equal."""
    said = automation.model_dump(mode="json", include={"enabled", *CODE})
    trigger = said["trigger"]
    trigger.pop("id", None)
    within = trigger.pop("within", None)
    return {**_sort(said), SECONDS: within}


def restore(name: str, said: dict[str, Any]) -> AutomationCore:
    """The automation of what `flatten` gave."""
    others = {path: value for path, value in said.items() if path != SECONDS}
    return AutomationCore.model_validate(
        {"name": name, **others, "trigger": {**said["trigger"], "within": said[SECONDS]}}
    )


def _with_seconds(automation: AutomationCore, seconds: int | None) -> AutomationCore:
    if seconds is None:
        return automation
    trigger = automation.trigger.model_copy(update={"within": timedelta(seconds=seconds)})
    return automation.model_copy(update={"trigger": trigger})


def _sort(value: Any) -> Any:
    """Prefect holds sets of names as lists, in any order."""
    if isinstance(value, dict):
        return {key: _sort(inner) for key, inner in value.items()}
    if isinstance(value, list):
        every = [_sort(inner) for inner in value]
        return sorted(every) if all(isinstance(inner, str) for inner in every) else every
    return value
