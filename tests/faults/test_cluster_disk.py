"""The disk of a Dask worker is full: nothing of ours needs it, also where Dask would rather put its results there."""

from __future__ import annotations

import os
from contextlib import suppress

import pytest

from tests.faults.test_breaks import as_root, small_disk
from tests.faults.test_cluster_breaks import requests  # noqa: F401
from tests.models.test_cluster import FEBRUARY, ORDERED, make_job, read_both, write_contract
from tests.support.dask_cluster import LocalCluster

pytestmark = [pytest.mark.slow, pytest.mark.fault, pytest.mark.usefixtures("prefect_server")]

# Of a worker's memory: less than the 48 bytes for which Dask takes any object that it does not know.
TINY = "0.000000001"


@as_root
@pytest.mark.parametrize("target", ["0.6", TINY], ids=["as Dask is set up", "every result goes to the disk"])
def test_the_disk_of_a_worker_is_full(requests, tmp_path, target):  # noqa: F811
    scratch = tmp_path / "scratch"
    with small_disk(scratch, "size=64k"):
        cluster = LocalCluster(tmp_path, {"DASK_DISTRIBUTED__WORKER__MEMORY__TARGET": target})
        try:
            cluster.add_worker(scratch=scratch)
            fill(scratch)
            read = read_both(make_job(write_contract(tmp_path / "contract", ORDERED), FEBRUARY, cluster.address))
        finally:
            cluster.stop()
        said = (tmp_path / "worker-0.log").read_text(encoding="utf-8")
    assert read.parts > 1
    assert ("Spill to disk failed; keeping data in memory" in said) == (target == TINY)


def fill(folder) -> None:
    """Leave no byte free."""
    with (folder / "ballast").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    assert os.statvfs(folder).f_bavail == 0
