"""What Slack gets over a lender's months: a real listener in its place, a real database, the whole pipeline."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from flows import history, rollback
from flows.backfill import backfill
from flows.monitor import monitor
from flows.train import train
from tasks.alerts import deliver as delivery
from tasks.alerts.slack import send_by_webhook
from tasks.core.policy import MonitorPolicy
from tests.support.flow import month, run_monitor
from tests.support.slack_stand_in import StandIn, check_blocks, run_stand_in, webhook

pytestmark = [pytest.mark.usefixtures("prefect_server"), pytest.mark.slow]
QUICK = {"train": {"forest_trees": 10, "boosting_rounds": 30, "folds": 3}, "self_check": {"splits": 0}}
LOOSE = {"distribution_limit": 0.9, "joint_limit": 0.99, "never_seen_limit": 0.9, "missing_limit": 0.9}


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with run_stand_in() as listener:
        monkeypatch.setattr(
            delivery,
            "find_sender",
            lambda: lambda payload, timeout: send_by_webhook(webhook(listener.url), payload, timeout),
        )
        yield listener


def read(slack: StandIn) -> str:
    """What has come since the last look, as a person reads it."""
    lines = []
    for message in slack.seen:
        check_blocks(message)
        for block in message["blocks"]:
            parts = [block.get("text"), *block.get("fields", []), *block.get("elements", [])]
            lines += [part["text"] for part in parts if part]
        lines.append("-" * 100)
    slack.seen.clear()
    said = "\n".join(lines)
    print(said)
    return said


def limits(**drift: float) -> MonitorPolicy:
    return MonitorPolicy.model_validate({**QUICK, "drift": drift})


def test_the_messages_of_a_life(demo, tmp_path, slack, monkeypatch):
    monkeypatch.setenv("LOANWATCH_REPORTS_URL", "https://reports.example")
    places: dict[str, Any] = {"results": str(tmp_path / "results"), "models": str(tmp_path / "models")}

    # The first month puts a model into production, and the next one drifts.
    run_monitor(tmp_path, **month(2024, 7), policy=limits())
    assert "Version 1 is the first model in production." in read(slack)
    _, august = run_monitor(tmp_path, **month(2024, 8), policy=limits())
    said = read(slack)
    assert "2024-08-01 to 2024-08-31: kept" in said
    assert "annual_income" in said
    assert f"https://reports.example/index.html#run-{august['job_id']}|History" in said

    # The same data by a looser limit are no recovery, and by the old one again no new change.
    run_monitor(tmp_path, **month(2024, 8), policy=limits(**LOOSE))
    said = read(slack)
    assert "No longer an alarm because a limit was changed" in said
    assert "drift.distribution_limit is 0.9 now, 0.06 in the run before" in said
    assert "Recovered" not in said
    assert "*Changed limits*\ndrift.distribution_limit 0.9 (default 0.06)" in said
    run_monitor(tmp_path, **month(2024, 8), policy=limits())
    assert "drift.distribution_limit is 0.06 now, 0.9 in the run before" in read(slack)

    # An unfit month is told each time.
    for _ in range(2):
        run_monitor(tmp_path, **month(2025, 3), policy=limits())
        assert "2025-03-01 to 2025-03-31: quality failed" in read(slack)

    # A backfill says what drifted in which month.
    backfill(start=date(2024, 8, 1), end=date(2024, 9, 30), champion=1, policy=limits(), **places)
    said = read(slack)
    assert "loan_applications 2024-08-01 to 2024-09-30: a backfill has ended" in said
    assert "2024-08-01 to 2024-08-31: data drift (annual_income" in said
    assert "index.html#run-" in said

    # What a person puts into production is told, and so is what could not be done.
    train(start=date(2024, 2, 1), end=date(2024, 7, 31), replace=True, policy=limits(), **places)
    assert "version 2 is in production in place of version 1" in read(slack)
    assert rollback.command(why="too many complaints") == 0
    said = read(slack)
    assert "version 1 is in production in place of version 2" in said
    assert "too many complaints" in said
    shutil.rmtree(tmp_path / "models")
    monitor(**month(2024, 8), return_state=True, **places)
    said = read(slack)
    assert "monitor failed: loan_applications 2024-08-01 to 2024-08-31" in said
    assert "The deployed model is untouched." in said

    with demo.connect() as connection:
        figures = (
            connection.execute(text("select figures from loanwatch.run where figures is not null")).scalars().all()
        )
    assert all(0 < found["positive_rate"] < 1 for found in figures if found["labelled"])
    assert {found["positive"] for found in figures} == {"loan given"}
    assert history.command(results=places["results"]) == 0
    page = (tmp_path / "results" / "index.html").read_text(encoding="utf-8")
    assert "limits: drift.distribution_limit 0.9 (default 0.06)" in page
    assert "Applications by window" in page
