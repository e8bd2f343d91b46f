"""A run is killed at every boundary of a stage and inside promotion; each next run starts where the last one died.

After each death: at most one champion, and it loads; the ledger is whole; the stage that died has no end, and the next
run writes it. The last run of each chain goes down the whole diagram.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from signal import SIGKILL, SIGTERM
from typing import Any

import pytest

from tasks.backfill.queue import Replay, save_plan
from tasks.core.policy import load_policy
from tasks.core.windows import Window
from tasks.reports.history.records import read_history
from tasks.schema.locks import Lock
from tests.faults.child import Point
from tests.support.second_lender import CONTRACT

pytestmark = [pytest.mark.slow, pytest.mark.fault]


def at(kind: str, place: str, stage: str | None, signal: Any = SIGKILL) -> Any:
    """A point, and the stage that it leaves without an end."""
    point = Point(kind, place, signal)
    return pytest.param(point, stage, id=str(point))


FIRST = "first_champion"
BEFORE_THE_FIRST = [
    at("stage", "extract started", "extract"),
    at("stage", "extract finished", None),
    at("stage", "quality started", "quality", SIGTERM),
    at("stage", "quality finished", None, SIGTERM),
    at("stage", "first_champion started", FIRST),
    at("stage", "first_champion started", FIRST, SIGTERM),
    at("file", "shutil.copyfile model.joblib", FIRST),
    at("before", "insert into loanwatch.model_version", FIRST),
    at("after", "insert into loanwatch.promotion", FIRST),
]
AFTER_THE_FIRST = [
    at("stage", "score started", "score"),
    at("stage", "score finished", None),
    at("stage", "drift started", "drift", SIGTERM),
]
BEFORE_PROMOTION = [
    at("stage", "drift started", "drift"),
    at("stage", "drift finished", None),
    at("stage", "preprocess started", "preprocess"),
    at("stage", "preprocess finished", None),
    at("stage", "model_drift started", "model_drift"),
    at("stage", "model_drift finished", None),
    at("stage", "train started", "train"),
    at("stage", "train started", "train", SIGTERM),
    at("stage", "train finished", None),
    at("stage", "compare started", "compare"),
    at("file", "os.rename deploy_report.json", "compare"),
    at("stage", "compare finished", None),
    at("stage", "promote started", "promote"),
    at("stage", "promote started", "promote", SIGTERM),
    at("file", "os.mkdir .partial", "promote"),
    at("file", "shutil.copyfile manifest.json", "promote"),
    at("before", "insert into loanwatch.model_version", "promote"),
    at("after", "insert into loanwatch.model_version", "promote"),
    at("before", f"{Lock.PROMOTION}/", "promote"),
    at("before", "update loanwatch.model_version", "promote"),
    at("after", "update loanwatch.model_version", "promote"),
    at("before", "insert into loanwatch.promotion", "promote"),
    at("after", "insert into loanwatch.promotion", "promote"),
    # A run that is asked to end within a stage's work writes the stage's end itself.
    at("after", "insert into loanwatch.promotion", None, SIGTERM),
]
AFTER_PROMOTION = [
    at("stage", "report started", "report"),
    at("file", "os.rename report.html", "report"),
    at("stage", "report finished", None),
    # After a run that has left no stage open: else the burial, which tells of the death, would be met first.
    at("before", "insert into loanwatch.alert", "alert"),
    at("stage", "alert started", "alert"),
    at("stage", "alert finished", None),
    at("after", "insert into loanwatch.alert", "alert"),
    at("stage", "journal started", "journal"),
    at("after", "insert into loanwatch.finding", "journal"),
    at("stage", "journal finished", None),
    at("file", "os.rename summary.json", None),
    at("stage", "self_check started", "self_check"),
    at("before", "insert into loanwatch.self_check", "self_check"),
]


def die(lender: Any, point: Point, stage: str | None) -> None:
    """One run that dies, and what must hold then; the run before it has its end now."""
    code, said = lender.monitor(point)
    assert code == -point.signal, said
    if point.signal is SIGTERM:  # it is asked to end, and writes its end itself
        assert lender.list_unended() == []
        (told,) = lender.read("select status, message from loanwatch.mljob order by entry desc limit 1")
        assert (told["status"], told["message"].startswith("cancelled: ")) == ("failed", True)
        return
    assert [name for _, name in lender.list_unended()] == ([stage] if stage else [])


@pytest.mark.parametrize(("point", "stage"), BEFORE_THE_FIRST)
def test_a_run_without_a_champion_dies(young_chain, point, stage):
    die(young_chain, point, stage)
    assert young_chain.find_champion() is None


def test_a_run_dies_when_its_first_champion_is_in_place(young_chain):
    die(young_chain, Point("committed", "insert into loanwatch.promotion"), FIRST)
    assert young_chain.find_champion() is not None


@pytest.mark.parametrize(("point", "stage"), AFTER_THE_FIRST)
def test_a_run_with_its_first_champion_dies(young_chain, point, stage):
    first = young_chain.find_champion()
    die(young_chain, point, stage)
    assert young_chain.find_champion() == first


@pytest.mark.parametrize(("point", "stage"), BEFORE_PROMOTION)
def test_a_run_dies_before_its_promotion_is_done(grown_chain, point, stage):
    die(grown_chain, point, stage)
    assert grown_chain.find_champion() == 1


def test_a_run_dies_when_its_promotion_is_done(grown_chain):
    die(grown_chain, Point("committed", "insert into loanwatch.promotion"), "promote")
    assert grown_chain.find_champion() > 1


@pytest.mark.parametrize(("point", "stage"), AFTER_PROMOTION)
def test_a_run_dies_after_its_promotion(grown_chain, point, stage):
    champion = grown_chain.find_champion()
    die(grown_chain, point, stage)
    assert grown_chain.find_champion() == champion


@pytest.mark.parametrize("chain", ["young_chain", "grown_chain"])
def test_the_last_run_goes_down_the_whole_diagram(request, chain):
    lender = request.getfixturevalue(chain)
    before = lender.find_champion()
    code, said = lender.monitor()
    assert code == 0, said
    assert lender.list_unended() == []
    after = lender.find_champion()
    assert after is not None
    assert after >= before
    # Every death before the alert was told, and every death left `abandoned` where a stage was open.
    abandoned = lender.read("select distinct job_id from loanwatch.mljob where status = 'abandoned'")
    told = lender.read("select job_id from loanwatch.alert where alert_id like '%/abandoned'")
    assert {row["job_id"] for row in told} <= {row["job_id"] for row in abandoned}
    outcomes = lender.read("select title, body from loanwatch.alert where alert_id like '%/outcome'")
    assert any("yearly_salary" in row["body"] for row in outcomes)


@pytest.mark.parametrize("place", ["model_drift finished", "alert finished", "journal finished"])
def test_a_backfills_worker_dies(grown, place):
    """Also when its window has left its findings and is not yet marked as done: the next worker does it again."""
    policy = load_policy(Path(grown.arguments[grown.arguments.index("--policy") + 1]))
    parameters = {
        "start": "2023-03-01",
        "end": "2023-03-31",
        "contract": CONTRACT,
        "results": str(grown.folder / "results"),
        "models": str(grown.folder / "models"),
        "policy": policy.model_dump(mode="json"),
        "may_promote": False,
        "database": None,
    }
    march = Window(date(2023, 3, 1), date(2023, 3, 31))
    save_plan(grown.engine, "card_requests", [Replay("b", march, parameters)], afresh=False)
    code, said = grown.monitor(Point("stage", place), module="flows.backfill_worker", arguments=("b",))
    assert code == -SIGKILL, said
    first = {row["job_id"] for row in grown.read("select distinct job_id from loanwatch.finding")}
    assert len(first) == (place == "journal finished")
    code, said = grown.monitor(module="flows.backfill_worker", arguments=("b",))
    assert code == 0, said
    (row,) = grown.read("select state, attempts, outcome from loanwatch.backfill_window")
    assert (row["state"], row["attempts"], row["outcome"]) == ("finished", 2, "kept")
    assert len(grown.read("select distinct job_id from loanwatch.finding")) == 1
    with grown.engine.connect() as connection:
        (history,) = read_history(connection)
    assert [run.outcome for run in history.runs if run.findings] == ["kept"]
    assert not grown.read("select 1 from loanwatch.alert"), "the backfill tells of its windows"
    assert grown.find_champion() == 1


def test_half_written_bundles_are_no_champions(grown_chain):
    left = {path.name for path in (grown_chain.folder / "models").iterdir()}
    assert any(name.endswith(".partial") for name in left), left
    named = [row["artifact"] for row in grown_chain.read("select artifact from loanwatch.model_version")]
    assert not any("partial" in artifact for artifact in named)
