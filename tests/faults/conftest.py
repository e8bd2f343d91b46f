"""What the faults share: a lender with a champion and a month that has drifted, and processes that die on cue."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.settings import PREFECT_API_URL
from sqlalchemy import URL, text

from blocks.postgres.connect import Patience, make_engine
from tests.faults.child import Point
from tests.faults.lender import Lender, make_drifted_requests
from tests.support.second_lender import fill_table


@pytest.fixture(scope="session")
def forks(prefect_server: None) -> Any:
    """Forks processes from one that has imported loanwatch, and that uses the tests' Prefect server."""
    os.environ["PREFECT_API_URL"] = str(PREFECT_API_URL.value())
    os.environ["PREFECT_LOGGING_LEVEL"] = "CRITICAL"
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.child"])
    return context


@pytest.fixture(scope="session")
def young_database(make_database: Any) -> URL:
    """Three months of requests, the last of which has drifted; no champion yet."""
    url = make_database()
    engine = make_engine(url, Patience())
    fill_table(engine, make_drifted_requests())
    engine.dispose()
    return url


@pytest.fixture(scope="session")
def grown_database(young_database: URL, make_database: Any, forks: Any, tmp_path_factory: Any) -> URL:
    """The same with a champion of January and February, and no run of March yet."""
    lender = Lender(make_database(template=young_database), tmp_path_factory.mktemp("grown"), forks)
    code, said = lender.monitor(Point("stage", "first_champion finished"))
    assert code == -signal.SIGKILL, said
    with lender.engine.begin() as connection:
        connection.execute(text("delete from loanwatch.mljob"))
    assert lender.find_champion() == 1
    lender.engine.dispose()
    return lender.url


@pytest.fixture(scope="module")
def young_chain(young_database: URL, make_database: Any, forks: Any, tmp_path_factory: Any) -> Iterator[Lender]:
    """One lender without a champion for all tests of a module, each of which continues where the last one died."""
    lender = Lender(make_database(template=young_database), tmp_path_factory.mktemp("young-chain"), forks)
    yield lender
    lender.engine.dispose()


@pytest.fixture(scope="module")
def grown_chain(grown_database: URL, make_database: Any, forks: Any, tmp_path_factory: Any) -> Iterator[Lender]:
    """One lender with a champion for all tests of a module, as above."""
    lender = Lender(make_database(template=grown_database), tmp_path_factory.mktemp("grown-chain"), forks)
    yield lender
    lender.engine.dispose()


@pytest.fixture
def young(young_database: URL, make_database: Any, forks: Any, tmp_path: Path) -> Iterator[Lender]:
    """A lender without a champion."""
    lender = Lender(make_database(template=young_database), tmp_path, forks)
    yield lender
    lender.engine.dispose()


@pytest.fixture
def grown(grown_database: URL, make_database: Any, forks: Any, tmp_path: Path) -> Iterator[Lender]:
    """A lender with a champion; its next run finds drift, and promotes."""
    lender = Lender(make_database(template=grown_database), tmp_path, forks)
    yield lender
    lender.engine.dispose()
