"""The model in production is looked up by one request at a time, and no other one waits for it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

from blocks.postgres.connect import Database
from deployments.api.serving import Serving
from tasks.core.policy import CutOffPolicy
from tests.support.scoring_api import CONTRACT


def test_while_one_request_asks_the_others_are_served(place, monkeypatch):
    monkeypatch.setenv("LOANWATCH_DATABASE_URL", place.render_as_string(hide_password=False))
    serving = Serving(Database("environment"), CONTRACT, CutOffPolicy(), patience=0)
    known, follow, asks, answered = serving.find(), Serving._follow, Event(), Event()

    def ask_slowly(asked: Serving):
        asks.set()
        assert answered.wait(20)
        return follow(asked)

    monkeypatch.setattr(Serving, "_follow", ask_slowly)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(serving.find)
        assert asks.wait(20)
        assert serving.find() is known
        assert not first.done()
        answered.set()
        assert first.result() is known


def test_for_a_while_nobody_asks(place, monkeypatch):
    monkeypatch.setenv("LOANWATCH_DATABASE_URL", place.render_as_string(hide_password=False))
    serving = Serving(Database("environment"), CONTRACT, CutOffPolicy(), patience=60)
    assert serving.peek() is None
    known = serving.find()
    assert known.is_quick
    assert serving.peek() is serving.find() is known
