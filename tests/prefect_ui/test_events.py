"""Events carry what automations need."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.core.findings import Outcome
from tasks.prefect_ui.event_names import DRIFT, PROMOTED, QUALITY
from tasks.prefect_ui.events import compose_events
from tasks.reports.summary import Run
from tests.support.kept_run import UNFIT, make_run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return make_run(tmp_path)


def test_events_carry_what_automations_need(run: Run) -> None:
    (drift,) = compose_events(run)
    assert drift.name == DRIFT
    assert drift.payload["questions"] == ["data"]
    assert drift.payload["findings"][0]["effect"] == 0.12
    run.outcome, run.champion_after = Outcome.PROMOTED, 4
    promoted = compose_events(run)[-1]
    assert (promoted.name, promoted.payload["from_version"], promoted.payload["to_version"]) == (PROMOTED, 3, 4)
    run.trained_here, run.findings = True, []
    (first,) = compose_events(run)
    assert first.payload["from_version"] is None
    run.trained_here, run.outcome, run.findings = False, Outcome.QUALITY_FAILED, [UNFIT]
    assert [event.name for event in compose_events(run)] == [QUALITY]
