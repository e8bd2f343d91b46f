"""The days that models are trained on, read by the workers of a Dask cluster: the models are those of one process."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import TaskRunFilter, TaskRunFilterName
from sqlalchemy import Engine, text

from blocks.postgres.connect import Patience, make_engine
from flows.train import train
from tasks.core.policy import DriftPolicy, MonitorPolicy, SelfCheckPolicy, TrainPolicy
from tests.models.test_cluster import ORDERED, drop_names_and_times, write_contract
from tests.support.dask_cluster import run_cluster
from tests.support.second_lender import fill_table, make_requests
from tests.support.wait import PATIENCE, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("prefect_server")]

POLICY = MonitorPolicy(
    train=TrainPolicy(forest_trees=10, boosting_rounds=10, folds=2, minimum_test_rows=20),
    drift=DriftPolicy(minimum_rows=50),
    self_check=SelfCheckPolicy(splits=2),
)
REFERENCE = {"start": date(2023, 1, 1), "end": date(2023, 2, 28)}
WINDOW = {"start": date(2023, 3, 1), "end": date(2023, 3, 31)}


def list_parts() -> list[str]:
    """The parts of the reference that workers have read, by the names of their tasks."""
    of_reference = TaskRunFilter(name=TaskRunFilterName(like_="read part 2023-01"))
    with get_client(sync_client=True) as client:
        return [run.name for run in client.read_task_runs(task_run_filter=of_reference)]


def test_a_champion_and_its_challenger_are_those_of_one_process(make_database, tmp_path, monkeypatch):
    monkeypatch.setattr("tasks.models.cluster.plan.DOTTED_ROWS", 50)
    contract = write_contract(tmp_path, ORDERED)

    def make_lender() -> Engine:
        """A database of its own, which processes that are started from now on find by its variable."""
        url = make_database()
        monkeypatch.setenv("LOANWATCH_DATABASE_URL", url.render_as_string(hide_password=False))
        lender = make_engine(url, Patience())
        fill_table(lender, make_requests(months=3))
        return lender

    def run(lender: Engine, folder: Path, engine: str | None) -> list[Any]:
        named = {"contract": contract, "policy": POLICY, "engine": engine}
        named |= {"results": str(folder / "results"), "models": str(folder / "models")}
        ended = [train(**REFERENCE, **named, replace=True), train(**WINDOW, **named)]
        with lender.connect() as connection:
            rows = connection.execute(text("select kind, metrics from loanwatch.model_version order by version"))
            made = [(row.kind, drop_names_and_times(row.metrics)) for row in rows]
        lender.dispose()
        return [*ended, *made]

    alone = run(make_lender(), tmp_path / "alone", None)
    assert list_parts() == []
    lender = make_lender()
    with run_cluster(tmp_path / "dask", 2) as cluster:
        assert run(lender, tmp_path / "cluster", cluster.address) == alone
    first = wait_until(lambda: [name for name in list_parts() if "2023-01-01" in name][1:], PATIENCE, "the tasks")
    assert first, "the reference was read for the champion, and again for its challenger"
