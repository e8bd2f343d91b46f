"""Deployments: what can be checked without a server."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

import jsonschema
import pytest
import yaml
from prefect import Flow
from prefect.client.schemas.schedules import CronSchedule

from tasks.backfill import work_pool as pool_runs
from tests.support import ROOT

DEPLOYMENTS: list[dict[str, Any]] = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda deployment: deployment["name"])
def test_every_deployment_fits_its_flow(deployment: dict[str, Any]) -> None:
    path, name = deployment["entrypoint"].split(":")
    assert (ROOT / path).is_file()
    flow: Flow[Any, Any] = getattr(import_module(path.removesuffix(".py").replace("/", ".")), name)
    assert isinstance(flow, Flow)
    given = deployment["parameters"]
    needed = [p.name for p in inspect.signature(flow.fn).parameters.values() if p.default is inspect.Parameter.empty]
    assert set(given) <= set(flow.parameters.properties), "a parameter that the flow does not have"
    if deployment["schedules"]:
        assert set(needed) <= set(given), "a schedule cannot fill a form"
    if set(needed) <= set(given):
        flow.validate_parameters(given)
    jsonschema.validate(given, {**flow.parameters.model_dump(), "additionalProperties": False, "required": []})
    described = flow.parameters.properties
    assert all(described[name].get("description") for name in described), "the form explains every parameter"


def test_schedules_and_limits() -> None:
    by_name = {deployment["name"]: deployment for deployment in DEPLOYMENTS}
    assert set(by_name) == {
        "monitor", "monitor-daily", "window", "backfill", "score", "train", "prune", "slack-test", "lost-runs",
    }  # fmt: skip
    for deployment in DEPLOYMENTS:
        assert deployment["description"]
        assert "loanwatch" in deployment["tags"], "the automations know our runs by this tag"
        assert deployment["work_pool"]["job_variables"]["env"]["DO_NOT_TRACK"] == "1"
        for schedule in deployment["schedules"]:
            CronSchedule(cron=schedule["cron"], timezone=schedule["timezone"])
    for name in ("monitor", "monitor-daily", "score", "train", "prune"):
        assert by_name[name]["concurrency_limit"] == {"limit": 1, "collision_strategy": "ENQUEUE"}
    assert by_name["window"]["entrypoint"] == by_name["monitor"]["entrypoint"]
    assert "concurrency_limit" not in by_name["window"], "the workers share the windows of a backfill"
    assert by_name["window"]["name"] == pool_runs.DEPLOYMENT
    assert by_name["window"]["schedules"] == []
    assert 0 < by_name["score"]["parameters"]["trailing_days"] < 28, "a day's new applications, and not a month's"
    assert [schedule["active"] for schedule in by_name["monitor"]["schedules"]] == [True]
    assert [schedule["active"] for schedule in by_name["monitor-daily"]["schedules"]] == [False]
    assert [schedule["active"] for schedule in by_name["prune"]["schedules"]] == [False], "what goes is a person's word"
