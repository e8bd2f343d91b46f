"""How often a run looks follows from how its window was asked for."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tasks.core.cadence import Cadence
from tasks.core.policy import DriftPolicy, MonitorPolicy
from tasks.core.windows import Window
from tasks.run.open import settle_cadence
from tasks.run.request import MonitorRequest

START = date(2024, 7, 1)


@pytest.mark.parametrize(
    ("asked", "days", "is_backfill", "cadence"),
    [
        ({}, 31, False, None),  # a month: the policy's own levels
        ({"start": START, "end": START}, 1, False, None),  # by hand: once, not day after day
        ({"trailing_days": 30}, 30, False, Cadence.DAILY),
        ({"start": START, "end": START}, 1, True, Cadence.DAILY),
        ({"start": START, "end": START}, 7, True, Cadence.WEEKLY),
        ({"start": START, "end": START}, 31, True, None),
    ],
)
def test_the_cadence_of_a_request(asked, days, is_backfill, cadence):
    window = Window(START, START + timedelta(days=days - 1))
    assert settle_cadence(MonitorRequest(**asked), window, is_backfill=is_backfill).drift.cadence is cadence


def test_the_policy_has_the_last_word():
    policy = MonitorPolicy(drift=DriftPolicy(cadence=Cadence.WEEKLY))
    request = MonitorRequest(trailing_days=7, policy=policy)
    assert settle_cadence(request, Window(START, START)).drift.cadence is Cadence.WEEKLY
