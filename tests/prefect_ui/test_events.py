"""Events carry what automations need."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tasks.core.findings import Outcome
from tasks.job.run_result import RunResult
from tasks.prefect_ui.event_names import DRIFT, PROMOTED, QUALITY
from tasks.prefect_ui.events import compose_events
from tests.support.kept_run import UNFIT, make_run


@pytest.fixture
def run(tmp_path: Path) -> RunResult:
    return make_run(tmp_path)


def test_events_carry_what_automations_need(run: RunResult) -> None:
    (drift,) = compose_events(run)
    assert drift.name == DRIFT
    assert drift.payload["questions"] == ["data"]
    assert drift.payload["findings"][0]["effect"] == 0.12
    promoted = compose_events(replace(run, outcome=Outcome.PROMOTED, champion_after=4))[-1]
    assert (promoted.name, promoted.payload["from_version"], promoted.payload["to_version"]) == (PROMOTED, 3, 4)
    (first,) = compose_events(replace(run, is_first_champion=True, champion_after=4, findings=()))
    assert first.payload["from_version"] is None
    unfit = replace(run, outcome=Outcome.QUALITY_FAILED, findings=(UNFIT,))
    assert [event.name for event in compose_events(unfit)] == [QUALITY]
