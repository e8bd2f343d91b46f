"""A lender with requests in a database of its own, and runs of its monitor in processes that may die."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import URL, Engine, text

from blocks.postgres.connect import Patience, make_engine
from tasks.registry.entries import read_ledger
from tasks.registry.ledger import verify_ledger
from tasks.registry.versions import find_current, load_current
from tests.faults.child import Call, Point, run
from tests.support.second_lender import CONTRACT, make_requests
from tests.support.wait import PATIENCE

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
[self_check]
splits = 2
"""
WINDOW = ("--start", "2023-03-01", "--end", "2023-03-31")
REFERENCE = ("--reference-start", "2023-01-01", "--reference-end", "2023-02-28")


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
        """One run in a process of its own; returns its exit code (below 0: the signal) and what it said.

        Fails where the run never came to the point.
        """
        call = replace(Call(self.arguments, self.folder / "output.txt", self.environment, point), **changes)
        call.reached.unlink(missing_ok=True)
        process = self.forks.Process(target=run, args=(call,))
        process.start()
        process.join(PATIENCE)
        if process.exitcode is None:
            os.killpg(process.pid, signal.SIGKILL)
            pytest.fail(f"the run hangs:\n{call.output.read_text(encoding='utf-8', errors='replace')}")
        said = call.output.read_text(encoding="utf-8", errors="replace")
        assert point is None or call.reached.exists(), f"the run never came to {point}:\n{said}"
        return int(process.exitcode), said

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

    def has_begun(self, stage: str, status: str = "started") -> bool:
        """Whether some run has come to this stage, or to its end."""
        if not self.read("select 1 where to_regclass('loanwatch.mljob') is not null"):
            return False
        query = "select 1 from loanwatch.mljob where stage = :stage and status = :status"
        return bool(self.read(query, stage=stage, status=status))

    def list_unended(self) -> list[tuple[str, str]]:
        """The stages without an end."""
        rows = self.read(
            "select job_id, stage from loanwatch.mljob where stage <> 'run' group by job_id, stage "
            "having count(*) filter (where status = 'started') <> count(*) filter (where status <> 'started')"
        )
        return [(row["job_id"], row["stage"]) for row in rows]


def make_drifted_requests() -> pd.DataFrame:
    """Three months, in the last of which salaries are far higher."""
    requests = make_requests(months=3)
    is_march = requests["asked_at"] >= "2023-03-01"
    requests.loc[is_march & (requests["yearly_salary"] > 0), "yearly_salary"] *= 1.6
    return requests


def next_run_works(lender: Lender) -> None:
    code, said = lender.monitor()
    assert code == 0, said
    assert lender.list_unended() == []
    assert lender.find_champion() is not None


def write_contract(lender: Lender, query: str) -> str:
    """The second lender's contract with another query; returns the file."""
    (lender.folder / "other.sql").write_text(query, encoding="utf-8")
    described = Path(CONTRACT).read_text(encoding="utf-8").replace('"card_requests.sql"', '"other.sql"')
    file = lender.folder / "other.toml"
    file.write_text(described, encoding="utf-8")
    return str(file)
