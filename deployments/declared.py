"""What prefect.yaml says of each deployment, and what a deployment on the server is, in the same form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml
from prefect import Flow
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.objects import ConcurrencyOptions, DeploymentSchedule
from prefect.client.schemas.responses import DeploymentResponse
from prefect.utilities.callables import parameter_schema

ROOT = Path(__file__).resolve().parent.parent
SCHEDULE_FIELDS = ("active", "slug", "parameters", "max_scheduled_runs")
PLAIN = (
    "description", "tags", "work_pool_name", "enforce_parameter_schema", "concurrency_limit", "concurrency_options",
)  # fmt: skip


@dataclass(frozen=True)
class Declared:
    """`code` follows the code and is always written; `settings` are a person's as well, by path."""

    name: str
    flow: str
    code: dict[str, Any]
    settings: dict[str, Any]

    @property
    def full_name(self) -> str:
        """The name by which a person starts it."""
        return f"{self.flow}/{self.name}"


def read_declared(home: str) -> list[Declared]:
    """Every deployment that prefect.yaml describes, for runs that find the project in the folder `home`."""
    content = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))
    here = [{"prefect.deployments.steps.set_working_directory": {"directory": home}}]
    pull = content.get("pull") or here
    return [_read_entry(entry, entry.get("pull") or pull) for entry in content["deployments"]]


def _read_entry(entry: Mapping[str, Any], pull: list[dict[str, Any]]) -> Declared:
    flow = load_flow(entry["entrypoint"])
    limit = entry.get("concurrency_limit")
    options = {key: value for key, value in limit.items() if key != "limit"} if isinstance(limit, dict) else None
    pool = entry["work_pool"]
    plain = {
        "description": entry.get("description") or flow.description,
        "tags": list(entry.get("tags") or ()),
        "work_pool_name": pool["name"],
        "enforce_parameter_schema": entry.get("enforce_parameter_schema", True),
        "concurrency_limit": limit["limit"] if isinstance(limit, dict) else limit,
        "concurrency_options": _dump_options(ConcurrencyOptions(**options) if options else None),
    }
    schedules = [_read_schedule(schedule) for schedule in entry.get("schedules") or ()]
    code = {
        "version": flow.version,
        "entrypoint": entry["entrypoint"],
        "pull_steps": pull,
        # Else Prefect starts a run with a misspelt field, which crashes before it can say so.
        "parameter_openapi_schema": parameter_schema(flow).model_dump(mode="json", exclude_unset=True)
        | {"additionalProperties": False},
    }
    settings = _fold(plain, entry.get("parameters") or {}, pool.get("job_variables") or {}, schedules)
    return Declared(entry["name"], flow.name, code, settings)


def load_flow(entrypoint: str) -> Flow[..., Any]:
    """The flow that an entrypoint of ours names."""
    path, _, name = entrypoint.partition(":")
    found: Flow[..., Any] = getattr(import_module(path.removesuffix(".py").replace("/", ".")), name)
    return found


def read_there(there: DeploymentResponse) -> tuple[dict[str, Any], dict[str, Any]]:
    """A deployment on the server: what follows the code, and the settings by path."""
    limit = there.global_concurrency_limit
    plain = {
        "description": there.description,
        "tags": list(there.tags),
        "work_pool_name": there.work_pool_name,
        "enforce_parameter_schema": there.enforce_parameter_schema,
        "concurrency_limit": limit.limit if limit else None,
        "concurrency_options": _dump_options(there.concurrency_options),
    }
    schedules = [DeploymentScheduleCreate(**schedule.model_dump(include={"schedule", *SCHEDULE_FIELDS}))
                 for schedule in there.schedules]  # fmt: skip
    code = {
        "version": there.version,
        "entrypoint": there.entrypoint,
        "pull_steps": there.pull_steps,
        "parameter_openapi_schema": there.parameter_openapi_schema,
    }
    return code, _fold(plain, there.parameters, there.job_variables, schedules)


def name_schedule(schedule: DeploymentScheduleCreate | DeploymentSchedule) -> str:
    """A schedule's path: by its slug, else by what it says."""
    if schedule.slug:
        return f"schedules.{schedule.slug}"
    said = schedule.schedule.model_dump(mode="json", exclude_none=True)
    return "schedules." + str(said.get("cron") or said.get("rrule") or said.get("interval"))


def read_schedule(path: str, settings: Mapping[str, Any]) -> DeploymentScheduleCreate:
    """The schedule that the settings hold at a path."""
    return DeploymentScheduleCreate(**settings[path], active=settings[f"{path}.active"])


def unfold(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by path as the fields of a deployment, without its schedules."""
    fields = {name: settings.get(name) for name in PLAIN}
    fields["parameters"] = _take(settings, "parameters.")
    env = _take(settings, "job_variables.env.")
    others = {name: value for name, value in _take(settings, "job_variables.").items() if not name.startswith("env.")}
    fields["job_variables"] = {**others, **({"env": env} if env else {})}
    return fields


def _fold(
    plain: Mapping[str, Any],
    parameters: Mapping[str, Any],
    job_variables: Mapping[str, Any],
    schedules: list[DeploymentScheduleCreate],
) -> dict[str, Any]:
    settings = dict(plain)
    settings |= {f"parameters.{name}": value for name, value in parameters.items()}
    settings |= {f"job_variables.env.{name}": value for name, value in (job_variables.get("env") or {}).items()}
    settings |= {f"job_variables.{name}": value for name, value in job_variables.items() if name != "env"}
    for schedule in schedules:
        path = name_schedule(schedule)
        settings[path] = schedule.model_dump(mode="json", exclude_none=True, exclude={"active"})
        settings[f"{path}.active"] = schedule.active
    return settings


def _read_schedule(entry: Mapping[str, Any]) -> DeploymentScheduleCreate:
    said = {name: value for name, value in entry.items() if name not in SCHEDULE_FIELDS}
    others = {name: entry[name] for name in SCHEDULE_FIELDS if entry.get(name) is not None}
    return DeploymentScheduleCreate(**{"schedule": said, **others})


def _take(settings: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {path.removeprefix(prefix): value for path, value in settings.items() if path.startswith(prefix)}


def _dump_options(options: ConcurrencyOptions | None) -> dict[str, Any] | None:
    return options.model_dump(mode="json", exclude_none=True) if options else None
