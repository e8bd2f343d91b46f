"""What the faults share: a lender with a champion and a month that has drifted, and processes that die on cue."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from prefect.settings import PREFECT_API_URL
from sqlalchemy import URL, Engine, text

from blocks.postgres.connect import Patience, make_engine
from tasks.registry.entries import read_ledger
from tasks.registry.ledger import verify_ledger
from tasks.registry.versions import find_current, load_current
from tests.faults.child import Call, Point, run
from tests.support.second_lender import CONTRACT, fill_table, make_requests

NAME = "card_requests"
POLICY = """
[train]
forest_trees = 10
boosting_rounds = 10
folds = 2
minimum_test_rows = 20
[drift]
minimum_rows = 50
[promotion]
not_worse_margin = 1
minimum_auc = 0.5
maximum_gap = 1
segment_loss = 1
"""
WINDOW = ("--start", "2023-03-01", "--end", "2023-03-31")
REFERENCE = ("--reference-start", "2023-01-01", "--reference-end", "2023-02-28")
PATIENCE_SECONDS = 300


@dataclass
class Lender:
    """A database with requests, folders for results and models, and the command that monitors March."""

    url: URL
    folder: Path
    forks: Any
    environment: dict[str, str] = field(default_factory=dict)
    engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        self.engine = make_engine(self.url, Patience())
        self.environment = {
            "LOANWATCH_DATABASE_URL": self.url.render_as_string(hide_password=False),
            **self.environment,
        }

    @property
    def arguments(self) -> tuple[str, ...]:
        """What follows `python -m flows.monitor`."""
        policy = self.folder / "policy.toml"
        policy.write_text(POLICY, encoding="utf-8")
        places = ("--results", str(self.folder / "results"), "--models", str(self.folder / "models"))
        return (*WINDOW, *REFERENCE, "--contract", CONTRACT, "--policy", str(policy), *places)

    def monitor(self, point: Point | None = None, **changes: Any) -> tuple[int, str]:
        """One run in a process of its own; returns its exit code (below 0: the signal) and what it said."""
        call = replace(Call(self.arguments, self.folder / "output.txt", self.environment, point), **changes)
        process = self.forks.Process(target=run, args=(call,))
        process.start()
        process.join(PATIENCE_SECONDS)
        if process.exitcode is None:
            os.killpg(process.pid, signal.SIGKILL)
            pytest.fail(f"the run hangs:\n{call.output.read_text(encoding='utf-8', errors='replace')}")
        return int(process.exitcode), call.output.read_text(encoding="utf-8", errors="replace")

    def read(self, query: str, **parameters: Any) -> list[Any]:
        """Rows of the database."""
        with self.engine.connect() as connection:
            return list(connection.execute(text(query), parameters).mappings())

    def find_champion(self) -> int | None:
        """The champion's version, shown to be the only one, to load, and to be what a whole ledger says."""
        with self.engine.connect() as connection:
            if connection.execute(text("select to_regclass('loanwatch.model_version')")).scalar() is None:
                return None
            current = find_current(connection, NAME)
            champions = "select count(*) from loanwatch.model_version where state = 'champion'"
            assert connection.execute(text(champions)).scalar_one() == (current is not None)
            if current is not None:
                load_current(connection, NAME)
            assert verify_ledger(read_ledger(connection, NAME), current) == []
        return current

    def list_unended(self) -> list[tuple[str, str]]:
        """The stages without an end."""
        rows = self.read(
            "select job_id, stage from loanwatch.mljob group by job_id, stage "
            "having count(*) filter (where status = 'started') <> count(*) filter (where status <> 'started')"
        )
        return [(row["job_id"], row["stage"]) for row in rows]


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
    requests = make_requests(months=3)
    is_march = requests["asked_at"] >= "2023-03-01"
    requests.loc[is_march & (requests["yearly_salary"] > 0), "yearly_salary"] *= 1.6
    url = make_database()
    engine = make_engine(url, Patience())
    fill_table(engine, requests)
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
