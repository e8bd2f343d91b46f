"""Pools of containers: what their job template gets, what they cannot do without, and no secret in the clear."""

from __future__ import annotations

import pytest

from blocks.environment import Environment
from deployments.work_pool import IMAGE_HOME, PoolError, fill, flatten, make_template, read_settings, require_settings
from tests.support import ROOT

GIVEN = {
    "pool_image": "loanwatch:0.1.0",
    "pool_networks": "runs, other",
    "pool_volumes": f"results:{IMAGE_HOME}/results,/etc/loanwatch/aws:/run/secrets/aws:ro",
    "pool_variables": "AWS_SHARED_CREDENTIALS_FILE=/run/secrets/aws,PREFECT_API_AUTH_STRING_FILE=/run/secrets/auth",
    "pool_models": "s3://bucket/models",
}


def make_environment(**fields: str) -> Environment:
    return Environment.model_construct(None, **{"pool_networks": "", "pool_volumes": "", "pool_variables": "",
                                                "pool_image": None, "pool_models": None, **fields})  # fmt: skip


def test_the_template_of_dockers_worker_is_filled() -> None:
    pytest.importorskip("prefect_docker", reason="the extra docker is not installed")
    default = make_template("docker")
    filled = fill(default, flatten(default) | read_settings(make_environment(**GIVEN)).list_template())
    shown = {name: field.get("default") for name, field in filled["variables"]["properties"].items()}
    assert shown["image"] == "loanwatch:0.1.0"
    assert shown["networks"] == ["runs", "other"]
    assert shown["volumes"] == GIVEN["pool_volumes"].split(",")
    assert shown["stream_output"] is True, "Prefect's own defaults stay"
    assert shown["env"]["AWS_SHARED_CREDENTIALS_FILE"] == "/run/secrets/aws"
    assert shown["env"]["PREFECT_API_AUTH_STRING"] == "", "else the worker hands on its own, for all to see"
    assert filled["job_configuration"] == default["job_configuration"]
    assert flatten(fill(filled, flatten(filled))) == flatten(filled)


def test_a_type_has_to_have_what_is_named() -> None:
    with pytest.raises(PoolError, match="has no image, networks, volumes"):
        fill(make_template("process"), read_settings(make_environment(**GIVEN)).list_template())


def test_all_that_is_missing_is_said_at_once() -> None:
    with pytest.raises(PoolError) as failed:
        require_settings("docker", read_settings(make_environment()))
    assert all(name in str(failed.value) for name in ("_POOL_IMAGE", "_POOL_MODELS", "_POOL_VOLUMES"))
    require_settings("docker", read_settings(make_environment(**GIVEN)))
    require_settings("process", read_settings(make_environment()))


@pytest.mark.parametrize(
    "variable",
    ["AWS_SECRET_ACCESS_KEY=x", "LOANWATCH_DATABASE_PASSWORD=x", "PREFECT_API_AUTH_STRING=a:b", "MY_TOKEN=x"],
)
def test_a_secret_in_the_clear_is_refused(variable: str) -> None:
    with pytest.raises(PoolError, match="looks like a secret") as failed:
        read_settings(make_environment(pool_variables=variable))
    assert "=x" not in str(failed.value)
    assert "a:b" not in str(failed.value)


def test_the_image_has_the_project_where_the_runs_look_for_it() -> None:
    assert f"WORKDIR {IMAGE_HOME}" in (ROOT / "deployments" / "Dockerfile").read_text(encoding="utf-8")
