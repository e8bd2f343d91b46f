"""The database is restarted, as by its administrator, while a large window is read part by part."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from signal import SIGKILL

import pytest
from sqlalchemy import text

from blocks.postgres.embedded import find_server, remove_embedded, start_embedded
from tests.faults.child import Point
from tests.faults.lender import Lender, make_drifted_requests
from tests.support.second_lender import CONTRACT, fill_table
from tests.support.wait import PATIENCE, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.fault]

PARTS = '\nundated_query = "undated.sql"\n\n[parts]\napplications = "days.sql"\ndays = "days.sql"\n'
UNDATED = """
select 0 as undated, json_object_agg(day, rows) as days
from (select asked_at::date as day, count(*) as rows from card_request group by 1) as counted
"""
# Days are read one after the other, the last ones first: those before the 15th wait for a lock.
WAITS = "and (asked_at >= '2023-03-15' or pg_advisory_xact_lock_shared(42)::text = '')"


def write_contract_in_parts(folder: Path, condition: str) -> str:
    """The second lender's contract, read by its days; the days' query has one more condition."""
    folder.mkdir()
    query = Path(CONTRACT).with_suffix(".sql").read_text(encoding="utf-8")
    days = query.replace("asked_at, answer", "to_char(asked_at, 'YYYY-MM-DD HH24:MI:SS') as asked_at, answer")
    (folder / "card_requests.sql").write_text(query, encoding="utf-8")
    (folder / "days.sql").write_text(f"{days.rstrip()} {condition}\n", encoding="utf-8")
    (folder / "undated.sql").write_text(UNDATED, encoding="utf-8")
    described = Path(CONTRACT).read_text(encoding="utf-8")
    file = folder / "card_requests.toml"
    file.write_text(described.replace('\nquery = "card_requests.sql"\n', f'\nquery = "card_requests.sql"{PARTS}'))
    return str(file)


@pytest.fixture
def lender(tmp_path: Path, forks) -> Iterator[Lender]:
    """A lender on a server of its own, with a champion."""
    home = tmp_path / "home"
    try:
        lender = Lender(start_embedded(home), tmp_path, forks)
        fill_table(lender.engine, make_drifted_requests())
        yield lender
        lender.engine.dispose()
    finally:
        remove_embedded(home)


def replace_contract(lender: Lender, contract: str) -> tuple[str, ...]:
    return tuple(contract if word == CONTRACT else word for word in lender.arguments)


def restart(home: Path) -> None:
    server = find_server(home)
    log = str(server.data / "log")
    done = server.run("pg_ctl", "-w", "-s", "-t", "60", "-m", "fast", "-D", str(server.data), "-l", log, "restart")
    assert done.returncode == 0, done.stdout


def test_the_database_is_restarted_between_two_parts(lender, tmp_path):
    code, said = lender.monitor(Point("stage", "first_champion finished"))
    assert code == -SIGKILL, said
    lender.environment["LOANWATCH_PART_MB"] = "0.01"
    ends: list[tuple[int, str]] = []
    slow = replace_contract(lender, write_contract_in_parts(tmp_path / "slow", WAITS))
    runner = threading.Thread(target=lambda: ends.append(lender.monitor(arguments=slow)))
    with lender.engine.connect() as blocker:
        blocker.execute(text("select pg_advisory_lock(42)"))
        runner.start()
        waiting = "select 1 from pg_locks where locktype = 'advisory' and objid = 42 and not granted"
        wait_until(lambda: lender.read(waiting), PATIENCE, "the part that waits", pause=0.1)
        restart(tmp_path / "home")
        blocker.invalidate()
    runner.join()
    ((code, said),) = ends
    assert (code, "connection to the database was cut" in " ".join(said.split())) == (1, True), said
    assert "Check that the server runs, and run again" in " ".join(said.split())
    assert lender.find_champion() == 1
    code, said = lender.monitor(arguments=replace_contract(lender, write_contract_in_parts(tmp_path / "plain", "")))
    assert code == 0, said
    read = lender.read("select message from loanwatch.mljob where stage = 'extract' and status = 'finished'")
    assert [" parts" in row["message"] for row in read] == [False, True]
    assert lender.list_unended() == []
    assert lender.find_champion() == 2
