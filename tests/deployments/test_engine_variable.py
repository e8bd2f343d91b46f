"""LOANWATCH_ENGINE as a job variable reaches a run: nobody is at the address, and the run's message names it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.postgres import PASSWORD
from tests.support.prefect_stack import Stack, run_stack

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("server")]

OF_POOL, OF_DEPLOYMENT, OF_RUN = (f"tcp://127.0.0.1:{port}" for port in (7, 8, 9))


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A server that was set up, and a worker."""
    with run_stack(tmp_path_factory.mktemp("stack")) as stack:
        named = {
            "LOANWATCH_DATABASE_HOST": str(stack.loans.host),
            "LOANWATCH_DATABASE_PORT": str(stack.loans.port),
            "LOANWATCH_DATABASE_NAME": str(stack.loans.database),
            "LOANWATCH_DATABASE_USER": str(stack.loans.username),
            "LOANWATCH_DATABASE_PASSWORD": PASSWORD,
        }
        stack.environment |= named
        done = stack.run("deployments.setup")
        assert done.returncode == 0, done.stdout + done.stderr
        for name in named:
            del stack.environment[name]
        stack.start_worker("worker")
        yield stack


def run_and_read(stack: Stack, *options: str) -> str:
    """What a run says that a person starts with these options."""
    days = ("-p", "start=2024-07-01", "-p", "end=2024-07-31")
    before = {run["id"] for run in stack.find_runs("monitor/window")}
    done = stack.run("prefect", "deployment", "run", "monitor/window", *days, *options, "--watch")
    assert done.returncode == 1, done.stdout + done.stderr
    (run,) = [run for run in stack.find_runs("monitor/window") if run["id"] not in before]
    return str(run["state"]["message"])


def test_the_pool_the_deployment_or_the_run_names_the_engine(stack: Stack) -> None:
    template = stack.call("GET", "/work_pools/loanwatch")["base_job_template"]
    template["variables"]["properties"]["env"]["default"] = {"LOANWATCH_ENGINE": OF_POOL}
    stack.call("PATCH", "/work_pools/loanwatch", {"base_job_template": template})
    assert f"No Dask scheduler answers at {OF_POOL} " in run_and_read(stack)
    deployment = stack.call("GET", "/deployments/name/monitor/window")
    env = deployment["job_variables"]["env"] | {"LOANWATCH_ENGINE": OF_DEPLOYMENT}
    stack.call("PATCH", f"/deployments/{deployment['id']}", {"job_variables": {"env": env}})
    assert f"No Dask scheduler answers at {OF_DEPLOYMENT} " in run_and_read(stack)
    said = run_and_read(stack, "--job-variable", f'env={{"LOANWATCH_ENGINE": "{OF_RUN}"}}')
    assert f"No Dask scheduler answers at {OF_RUN} " in said


def test_set_up_again_keeps_the_variable(stack: Stack) -> None:
    """Set-up says which settings of a person it keeps."""
    done = stack.run("deployments.setup")
    assert "job_variables.env.LOANWATCH_ENGINE" in done.stdout, done.stdout + done.stderr
    kept = stack.call("GET", "/deployments/name/monitor/window")["job_variables"]["env"]
    assert kept["LOANWATCH_ENGINE"] == OF_DEPLOYMENT
