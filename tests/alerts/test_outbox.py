"""The outbox: in order, exactly once where Slack answered, marked where it did not, and never two at a time."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from sqlalchemy import Engine, text

from tasks.alerts.block_kit import Message, render_message
from tasks.alerts.outbox import Clock, Delivery, Entry, add_alert, deliver
from tasks.alerts.slack import Answer, DeliveryStatus, Sender, send_by_webhook
from tasks.core.policy import AlertPolicy
from tasks.schema.migrate import prepare_schema
from tests.support import ROOT
from tests.support.slack_stand_in import StandIn, run_stand_in, webhook
from tests.support.wait import wait_until

POLICY = AlertPolicy(timeout_seconds=1, tries=2, patience_seconds=10)


@pytest.fixture
def slack() -> Iterator[StandIn]:
    with run_stand_in() as stand_in:
        yield stand_in


@pytest.fixture
def outbox(engine: Engine) -> Engine:
    prepare_schema(engine)
    return engine


def put(engine: Engine, *names: str) -> None:
    for name in names:
        message = Message("warning", name, "It moved.", {}, {}, {}, name)
        add_alert(engine, Entry(name, "loans", name, "warning", name, "It moved.", render_message(message)))


def sender(stand_in: StandIn) -> Sender:
    return lambda payload, timeout: send_by_webhook(webhook(stand_in.url), payload, timeout)


def titles(stand_in: StandIn) -> list[str]:
    return [payload["text"].split(":")[0] for payload in stand_in.seen]


def rows(engine: Engine) -> dict[str, tuple[str, bool, int]]:
    with engine.connect() as connection:
        found = connection.execute(text("select alert_id, state, may_repeat, attempts from loanwatch.alert"))
        return {row.alert_id: (row.state, row.may_repeat, row.attempts) for row in found}


def quick() -> Clock:
    return Clock(sleep=lambda seconds: None)


def test_posts_in_order_and_once(outbox: Engine, slack: StandIn) -> None:
    put(outbox, "a", "b", "c", "a")
    assert deliver(outbox, sender(slack), POLICY) == Delivery(3, 0)
    assert deliver(outbox, sender(slack), POLICY) == Delivery(0, 0)
    assert titles(slack) == ["a", "b", "c"]
    assert rows(outbox) == dict.fromkeys("abc", ("delivered", False, 1))


def test_trouble_of_slack_is_retried_and_posted_once(outbox: Engine, slack: StandIn) -> None:
    slack.script = [(500, "boom", {}), (200, "ok", {})]
    put(outbox, "a")
    assert deliver(outbox, sender(slack), POLICY, quick()).posted == 1
    assert rows(outbox) == {"a": ("delivered", False, 2)}
    assert "may repeat" not in str(slack.seen)


@pytest.mark.slow
def test_retry_after_is_honoured(outbox: Engine, slack: StandIn) -> None:
    slack.script = [(429, "rate_limited", {"Retry-After": "2"})]
    put(outbox, "a", "b")
    assert deliver(outbox, sender(slack), POLICY) == Delivery(2, 0)
    assert slack.times[1] - slack.times[0] >= 2
    assert titles(slack) == ["a", "a", "b"]


def test_a_long_retry_after_waits_for_the_next_run(outbox: Engine, slack: StandIn) -> None:
    slack.script = [(429, "rate_limited", {"Retry-After": "3600"})]
    put(outbox, "a", "b")
    held = deliver(outbox, sender(slack), POLICY)
    assert (held.posted, held.waiting) == (0, 2)
    assert "429" in held.why
    assert deliver(outbox, sender(slack), POLICY) == Delivery(2, 0)
    assert titles(slack) == ["a", "a", "b"]


def test_no_answer_is_sent_again_with_a_mark_and_the_same_id(outbox: Engine, slack: StandIn) -> None:
    slack.script = ["hang", (200, "ok", {})]
    put(outbox, "a", "b")
    assert deliver(outbox, sender(slack), POLICY, quick()) == Delivery(2, 0)
    first, again, other = slack.seen
    assert "may repeat" not in str(first)
    assert "may repeat alert a" in str(again["blocks"][-1])
    assert "alert a" in str(first["blocks"][-1])
    assert "may repeat" not in str(other)
    assert rows(outbox)["a"] == ("delivered", True, 2)


def test_what_is_held_goes_with_the_next_run_still_marked(outbox: Engine, slack: StandIn) -> None:
    slack.script = ["hang", (500, "boom", {})]
    put(outbox, "a")
    assert deliver(outbox, sender(slack), POLICY, quick()).waiting == 1
    put(outbox, "b")
    assert deliver(outbox, sender(slack), POLICY) == Delivery(2, 0)
    assert "may repeat alert a" in str(slack.seen[2])
    assert titles(slack) == ["a", "a", "a", "b"]


def test_refusal_holds_everything_in_order(outbox: Engine, slack: StandIn) -> None:
    slack.script = [(404, "channel_not_found", {})]
    put(outbox, "a", "b")
    held = deliver(outbox, sender(slack), POLICY)
    assert held.waiting == 2
    assert "no such channel" in held.why
    assert len(slack.seen) == 1, "a refusal is not retried"


def test_a_malformed_message_does_not_hold_the_others(outbox: Engine, slack: StandIn) -> None:
    slack.script = [(400, "invalid_blocks", {})]
    put(outbox, "a", "b")
    assert deliver(outbox, sender(slack), POLICY) == Delivery(1, 0)
    assert rows(outbox)["a"][0] == "undeliverable"


def test_refused_connection_holds_without_a_mark(outbox: Engine) -> None:
    with run_stand_in() as gone:
        pass
    put(outbox, "a")
    assert deliver(outbox, sender(gone), POLICY, quick()).waiting == 1
    with run_stand_in(gone.port) as back:
        assert deliver(outbox, sender(back), POLICY) == Delivery(1, 0)
    assert "may repeat" not in str(back.seen)


def test_a_process_that_dies_while_sending_leaves_a_mark(outbox: Engine, slack: StandIn) -> None:
    def die(payload: Mapping[str, Any], timeout: int) -> Answer:
        send_by_webhook(webhook(slack.url), payload, timeout)
        raise KeyboardInterrupt

    put(outbox, "a")
    with pytest.raises(KeyboardInterrupt):
        deliver(outbox, die, POLICY)
    assert deliver(outbox, sender(slack), POLICY) == Delivery(1, 0)
    assert "may repeat alert a" in str(slack.seen[1])


def test_two_runs_do_not_both_send_one_alert(outbox: Engine, slack: StandIn) -> None:
    names = [f"{number:02}" for number in range(12)]
    put(outbox, *names)
    results: list[Delivery] = []
    runs = [threading.Thread(target=lambda: results.append(deliver(outbox, sender(slack), POLICY))) for _ in range(3)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert titles(slack) == names
    assert sum(result.posted for result in results) == 12


def test_while_slack_hangs_no_transaction_is_open_and_nothing_is_locked(outbox: Engine, slack: StandIn) -> None:
    slack.script = ["hang", (200, "ok", {})]
    put(outbox, "a")
    others = "pid <> pg_backend_pid() and {} = (select oid from pg_database where datname = current_database())"
    with outbox.connect() as connection:
        connection.execute(text("select 1"))  # from here on the delivery has a connection of its own
        connection.rollback()
        run = threading.Thread(target=deliver, args=(outbox, sender(slack), POLICY, quick()))
        run.start()
        wait_until(lambda: slack.seen, 10, "the message")
        sessions = connection.execute(text(f"select state from pg_stat_activity where {others.format('datid')}")).all()
        assert [session.state for session in sessions] == ["idle"]
        held = connection.execute(text(f"select locktype from pg_locks where {others.format('database')}")).all()
        assert held == []
        connection.execute(text("lock table loanwatch.alert in access exclusive mode nowait"))
        connection.rollback()
    run.join()
    assert rows(outbox)["a"][0] == "delivered"


KILLED = """
import os, sys, time
from sqlalchemy import create_engine
from tasks.alerts import outbox
from tasks.core.policy import AlertPolicy
def hang(payload, timeout):
    print("sending", flush=True)
    time.sleep(600)
outbox.MARGIN_SECONDS = 1.0
outbox.deliver(create_engine(sys.argv[1]), hang, AlertPolicy(timeout_seconds=1, tries=2, patience_seconds=60))
"""


@pytest.mark.slow
def test_the_lease_of_a_killed_process_ends_by_itself(outbox: Engine, slack: StandIn) -> None:
    put(outbox, "a", "b")
    url = outbox.url.render_as_string(hide_password=False)
    with subprocess.Popen([sys.executable, "-c", KILLED, url], cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"sending\n"
        impatient = AlertPolicy(timeout_seconds=1, tries=1, patience_seconds=1)
        assert deliver(outbox, sender(slack), impatient) == Delivery(0, 2, "another run is delivering")
        assert slack.seen == [], "nobody overtakes the oldest message"
        process.kill()
    assert deliver(outbox, sender(slack), POLICY) == Delivery(2, 0)
    assert titles(slack) == ["a", "b"]
    assert "may repeat alert a" in str(slack.seen[0])
    assert "may repeat" not in str(slack.seen[1])


def test_a_process_that_was_held_up_leaves_the_message_to_the_next(outbox: Engine, slack: StandIn) -> None:
    """Its machine slept through its lease: the other one posts with a mark, and its own late word changes nothing."""
    put(outbox, "a")

    def sleep_through(payload: Mapping[str, Any], timeout: int) -> Answer:
        with outbox.begin() as connection:
            connection.execute(
                text("update loanwatch.alert set leased_until = clock_timestamp() - interval '1 second'")
            )
        assert deliver(outbox, sender(slack), POLICY) == Delivery(1, 0)
        return Answer(DeliveryStatus.BUSY, "Slack has trouble.")

    assert deliver(outbox, sleep_through, POLICY, quick()).waiting == 0
    assert "may repeat alert a" in str(slack.seen)
    assert rows(outbox)["a"] == ("delivered", True, 2)
