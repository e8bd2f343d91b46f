"""A Dask cluster breaks while it scores: nothing is written twice, and what was written stays."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from blocks.errors import LoanwatchError
from tests.faults.test_cluster_breaks import SLOW, when_read
from tests.models.test_cluster import FEBRUARY, ORDERED, make_job, write_contract
from tests.models.test_cluster_score import assert_scored, cards, read_predictions, run_score, score_here  # noqa: F401
from tests.support.dask_cluster import run_cluster

pytestmark = [pytest.mark.slow, pytest.mark.fault, pytest.mark.usefixtures("prefect_server")]

NAP_BEFORE_WRITING = """
create function nap() returns trigger language plpgsql as 'begin perform pg_sleep(3); return null; end';
create trigger nap after insert on loanwatch.prediction for each statement execute function nap();
"""


@pytest.mark.parametrize("stage", ["read", "written"])
def test_a_worker_is_killed_while_its_part_is(cards, tmp_path, stage):  # noqa: F811
    """Its transaction is undone, and the other worker does the part as if nothing had been."""
    alone = score_here(cards, make_job(write_contract(tmp_path, ORDERED), FEBRUARY, ""))
    if stage == "written":
        with cards.begin() as connection:
            connection.execute(text(NAP_BEFORE_WRITING))
    contract = write_contract(tmp_path, SLOW if stage == "read" else ORDERED)
    with run_cluster(tmp_path / "dask", 2) as cluster:
        thread = when_read(cards, cluster.workers[0].kill)
        assert_scored(cards, make_job(contract, FEBRUARY, cluster.address), alone)
        thread.join()
        assert len(cluster.list_workers()) == 1


def test_the_scheduler_is_killed_and_the_next_run_writes_the_rest(cards, tmp_path):  # noqa: F811
    job = make_job(write_contract(tmp_path, ORDERED), FEBRUARY, "")
    alone = score_here(cards, job)
    with run_cluster(tmp_path / "dask", 2) as cluster:
        thread = when_read(cards, cluster.scheduler.kill)
        with pytest.raises(LoanwatchError, match="predictions of the parts that were done stay"):
            run_score(make_job(write_contract(tmp_path, SLOW), FEBRUARY, cluster.address))
        thread.join()
    before = read_predictions(cards)
    again = run_score(job)
    assert again.added == len(alone) - len(before)
    after = read_predictions(cards)
    assert {name: row[:2] for name, row in after.items()} == alone
    assert {name: after[name] for name in before} == before
