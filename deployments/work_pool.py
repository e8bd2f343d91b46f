"""The work pool. What containers need goes into its base job template: image, networks, volumes, variables.

A template is open to every user of the server, and a container's variables to every user of its engine: a secret goes
in by a block, or by a file that is mounted and that a variable names.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.client.schemas.objects import WorkPool
from prefect.exceptions import ObjectNotFound
from prefect.utilities.asyncutils import run_coro_as_sync
from prefect.workers.utilities import get_default_base_job_template_for_infrastructure_type

from blocks.environment import Environment, name_variable
from blocks.errors import LoanwatchError
from deployments.memory import Memory
from deployments.which_side import Comparison, compare, merge, sign, sign_value

POOL = "loanwatch"
# The project's folder in the image of deployments/Dockerfile.
IMAGE_HOME = "/opt/loanwatch"
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|WEBHOOK|AUTH_STRING|API_KEY|CREDENTIALS?$", re.IGNORECASE)
AUTH = "PREFECT_API_AUTH_STRING"
TEMPLATE = "job template."
ENV = f"{TEMPLATE}env."
PLAIN: dict[str, Any] = {"concurrency limit": None, "is paused": False}


class PoolError(LoanwatchError):
    """The work pool cannot be made as it was asked for."""


@dataclass(frozen=True)
class PoolSettings:
    """What the runs of a pool of containers need, as the environment names it."""

    image: str | None
    networks: tuple[str, ...]
    volumes: tuple[str, ...]
    variables: dict[str, str]
    models: str | None

    def list_template(self) -> dict[str, Any]:
        """The template's defaults that were named, by path."""
        named = {"image": self.image, "networks": list(self.networks), "volumes": list(self.volumes)}
        values = {f"{TEMPLATE}{name}": value for name, value in named.items() if value}
        return values | {f"{ENV}{name}": value for name, value in self.variables.items()}

    def mounts(self, folder: str) -> bool:
        """Whether a volume is mounted at a folder of the project in the image."""
        return any(volume.split(":")[1:2] == [f"{IMAGE_HOME}/{folder}"] for volume in self.volumes)


def read_settings(environment: Environment) -> PoolSettings:
    """The settings that the environment names. Raises PoolError where one of them would show a secret."""
    variables: dict[str, str] = {}
    for pair in split(environment.pool_variables):
        name, equals, value = pair.partition("=")
        if not equals:
            raise PoolError(f"{name_variable('pool_variables')} takes NAME=VALUE,…, and {pair!r} has no equals sign.")
        if SECRET.search(name) and not name.endswith("_FILE") and not value.startswith("/"):
            raise PoolError(
                f"{name} looks like a secret, and whoever may see the pool or the container would see it. Mount a file "
                f"that holds it ({name_variable('pool_volumes')}), and name the file, as AWS_SHARED_CREDENTIALS_FILE "
                f"and {AUTH}_FILE do."
            )
        variables[name] = value
    if f"{AUTH}_FILE" in variables:
        variables[AUTH] = ""  # else the worker hands on its own, in clear
    volumes, networks = split(environment.pool_volumes), split(environment.pool_networks)
    return PoolSettings(environment.pool_image, networks, volumes, variables, environment.pool_models)


def split(text: str) -> tuple[str, ...]:
    """The parts of a list with commas."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def save_pool(client: SyncPrefectClient, pool_type: str, settings: PoolSettings, *, reset: bool) -> str:
    """Create the work pool, or write only what differs; says what was done. Raises PoolError."""
    memory = Memory(client, "pool")
    asked = {} if pool_type == "process" else settings.list_template()
    if pool_type == "docker":
        asked[f"{TEMPLATE}auto_remove"] = True  # else each run leaves its container behind
    try:
        there = client.read_work_pool(POOL)
    except ObjectNotFound:
        there = None
    if there is None or reset:
        require_settings(pool_type, settings)
    if there is None:
        default = make_template(pool_type)
        template = fill(default, flatten(default) | asked)
        content = {"name": POOL, "type": pool_type, "description": "Runs of loanwatch", "base_job_template": template}
        client.create_work_pool(WorkPoolCreate.model_validate(content))
        memory.note(POOL, sign(PLAIN | flatten(template)))
        said = f"work pool {POOL}: created ({pool_type})"
    else:
        require_type(there, pool_type)
        require_image(there, asked)
        said = _update(client, there, asked, memory, reset=reset)
    memory.save()
    return said


def _update(client: SyncPrefectClient, there: WorkPool, asked: dict[str, Any], memory: Memory, *, reset: bool) -> str:
    theirs = {"concurrency limit": there.concurrency_limit, "is paused": there.is_paused}
    theirs |= flatten(there.base_job_template)
    last = memory.recall(POOL) or sign(PLAIN | {path: theirs[path] for path in theirs if path not in PLAIN})
    template = make_template(there.type) if reset else there.base_job_template
    # What the environment does not name stays, and is told where a person has changed it.
    ours = PLAIN | flatten(template) | asked
    comparison = compare(ours, theirs, last, reset=reset)
    if not reset:
        others = {path: value for path, value in theirs.items() if path not in {*PLAIN, *asked}}
        changed = {path: value for path, value in others.items() if last.get(path) != sign_value(value)}
        comparison = Comparison(comparison.write, comparison.kept | changed)
    memory.note(POOL, last | sign(PLAIN | asked) if not reset else sign(ours))
    if comparison.write:
        merged = merge(theirs, comparison)
        update: dict[str, Any] = {}
        if not comparison.write.keys().isdisjoint(PLAIN):
            update = {"concurrency_limit": merged["concurrency limit"], "is_paused": merged["is paused"]}
        if comparison.write.keys() - PLAIN:
            update["base_job_template"] = fill(template, merged)
        client.update_work_pool(POOL, WorkPoolUpdate.model_validate(update))
    return comparison.describe(f"work pool {POOL}")


def require_type(there: WorkPool, pool_type: str) -> None:
    """Raise PoolError where the pool that is there is of another type."""
    if there.type != pool_type:
        raise PoolError(
            f"The work pool {POOL} is of type {there.type}. Delete it with `prefect work-pool delete {POOL}`, or set "
            f"up with --pool-type {there.type}."
        )


def require_image(there: WorkPool, asked: Mapping[str, Any]) -> None:
    """Raise PoolError where runs would get Prefect's own image, as in a pool that a worker made as it started."""
    image = f"{TEMPLATE}image"
    if there.type != "process" and image not in flatten(there.base_job_template) | dict(asked):
        raise PoolError(f"The work pool {POOL} names no image for its runs. Name it: {name_variable('pool_image')}.")


def require_settings(pool_type: str, settings: PoolSettings) -> None:
    """Raise PoolError that names everything that runs in containers of their own cannot do without."""
    if pool_type == "process":
        return
    missing = [] if settings.image else [f"{name_variable('pool_image')}: the image of deployments/Dockerfile"]
    if not (settings.models or settings.mounts("models")):
        missing.append(
            f"{name_variable('pool_models')}: the model store, such as s3://bucket/models (or a volume at "
            f"{IMAGE_HOME}/models)"
        )
    if pool_type == "docker" and not settings.mounts("results"):
        missing.append(f"{name_variable('pool_volumes')}: a volume for the results, NAME:{IMAGE_HOME}/results")
    if missing:
        raise PoolError(f"A work pool of type {pool_type} needs:\n  " + "\n  ".join(missing))


def make_template(pool_type: str) -> dict[str, Any]:
    """The base job template that Prefect has for a type of pool. Raises PoolError."""
    found = run_coro_as_sync(get_default_base_job_template_for_infrastructure_type(pool_type))
    if not found:
        raise PoolError(f"Prefect has no work pool of type {pool_type} here: pip install prefect-{pool_type}.")
    return dict(found)


def fill(template: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The template with these defaults, by path, and no others. Raises PoolError for what the type does not have."""
    filled = copy.deepcopy(dict(template))
    properties = filled["variables"]["properties"]
    defaults = {path.removeprefix(TEMPLATE): value for path, value in values.items() if path.startswith(TEMPLATE)}
    env = {name.removeprefix("env."): value for name, value in defaults.items() if name.startswith("env.")}
    given = {name: value for name, value in defaults.items() if not name.startswith("env.")}
    given |= {"env": env} if env else {}
    if unknown := given.keys() - properties:
        raise PoolError(f"The job template of this type of pool has no {', '.join(sorted(unknown))}.")
    for name, field in properties.items():
        if name in given:
            field["default"] = given[name]
        elif field.get("default") is not None:
            del field["default"]
    return filled


def flatten(template: Mapping[str, Any]) -> dict[str, Any]:
    """The template's defaults, by path."""
    properties = template.get("variables", {}).get("properties", {})
    defaults = {name: field["default"] for name, field in properties.items() if field.get("default") is not None}
    env = defaults.pop("env", {})
    return {f"{TEMPLATE}{name}": value for name, value in defaults.items()} | {
        f"{ENV}{name}": value for name, value in env.items()
    }
