"""What changes what is in production is told, and an alert that cannot be sent undoes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from io import StringIO

import pytest
from rich.console import Console
from sqlalchemy import text

from blocks.postgres.connect import Database
from flows import load, rollback
from flows.cli import announce
from tasks.alerts import deliver as delivery
from tasks.alerts import production
from tasks.alerts.production import compose_production, report_production
from tasks.alerts.slack import send_by_webhook
from tasks.registry.entries import read_ledger
from tasks.registry.promote import Promotion, retire_champion
from tasks.registry.versions import find_current
from tests.registry.test_ledger import NAME, install_three
from tests.support.slack_stand_in import check_blocks, run_stand_in, webhook

BACK = Promotion(NAME, "job", date(2024, 6, 1), 2, 1, "Rolled back to version 1: too many complaints", "0" * 64)


@pytest.fixture
def three(engine, tmp_path):
    """Three champions in a row."""
    return install_three(engine, tmp_path)


@pytest.fixture
def slack(monkeypatch):
    """A listener in Slack's place that every sender posts to."""
    with run_stand_in() as listener:
        sender = lambda payload, timeout: send_by_webhook(webhook(listener.url), payload, timeout)  # noqa: E731
        monkeypatch.setattr(delivery, "find_sender", lambda: sender)
        monkeypatch.setattr(production, "find_sender", lambda: sender)
        monkeypatch.setattr(announce, "find_server", lambda: None)
        yield listener


@pytest.mark.parametrize(
    ("row", "title", "severity"),
    [
        (BACK, "version 1 is in production in place of version 2", "warning"),
        (replace(BACK, from_version=None), "version 1 is now in production", "info"),
        (replace(BACK, to_version=None), "version 2 is retired, and no model is in production", "warning"),
        (replace(BACK, to_version=2), "a change was settled; version 2 stays in production", "info"),
    ],
)
def test_the_message_says_what_is_in_production_now_and_why(row, title, severity):
    message = compose_production(row)
    assert (message.title, message.severity) == (f"{NAME}: {title}", severity)
    assert message.lead == row.why
    assert message.facts["Effective from"] == "2024-06-01"


def test_a_rollback_is_told_in_slack(engine, three, slack, capsys):
    assert rollback.command(to=three[0], why="too many complaints") == 0
    (message,) = slack.seen
    check_blocks(message)
    said = str(message)
    assert f"version {three[0]} is in production in place of version {three[2]}" in said
    assert "too many complaints" in said
    assert "alert: 1 sent" in capsys.readouterr().err
    with engine.connect() as connection:
        assert connection.execute(text("select state from loanwatch.alert")).scalars().all() == ["delivered"]


def test_slack_in_trouble_undoes_no_rollback_and_the_message_waits(engine, three, slack, capsys):
    slack.script += [(500, "internal_error", {})] * 2
    assert rollback.command(to=three[0]) == 0
    assert "held for the next run" in capsys.readouterr().err
    with engine.connect() as connection:
        assert find_current(connection, NAME) == three[0]
        assert connection.execute(text("select state from loanwatch.alert")).scalars().all() == ["pending"]


def test_a_server_out_of_reach_undoes_no_rollback(engine, three, slack, monkeypatch, capsys):
    monkeypatch.setattr(announce, "find_server", lambda: "http://server/api")
    monkeypatch.setattr(announce, "find_fault", lambda: "the Prefect server does not answer.")
    assert rollback.command(to=three[0]) == 0
    assert "held for the next run" in capsys.readouterr().err
    assert slack.seen == []


def test_a_database_in_trouble_after_the_rollback_is_passed_by(engine, three, slack, monkeypatch):
    def break_down(*_):
        raise OSError

    monkeypatch.setattr(production, "add_alert", break_down)
    assert report_production(Database("environment"), BACK) == "1 sent without the outbox"
    assert "too many complaints" in str(slack.seen)
    monkeypatch.setattr(production, "find_sender", break_down)
    assert report_production(Database("environment"), BACK).startswith("not sent")


def test_a_retirement_is_told_each_time(engine, three, slack):
    with engine.begin() as connection:
        retire_champion(connection, NAME, "its applications were replaced")
    with engine.connect() as connection:
        row = read_ledger(connection, NAME)[-1]
    screen = StringIO()
    load.report_retirement(Console(file=screen, width=200), Database("environment"), NAME)
    assert screen.getvalue() == f"version {three[2]} is retired; alert: 1 sent\n"
    assert report_production(Database("environment"), row) == "", "the same row is told once"
    assert f"version {three[2]} is retired, and no model is in production" in str(slack.seen)
