"""Running the monitor flow in a test, as Prefect runs it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from prefect.client.schemas.objects import State

from flows.monitor import monitor
from tasks.reports.write_pages import is_drawn_at_once
from tests.support.replace import replace_object


def month(year: int, number: int) -> dict[str, date]:
    """The window of one month, as parameters."""
    after = date(year + number // 12, number % 12 + 1, 1)
    return {"start": date(year, number, 1), "end": date.fromordinal(after.toordinal() - 1)}


def run_monitor(
    folder: Path, *, draws_deepchecks: bool = False, **parameters: Any
) -> tuple[State[Any], dict[str, Any]]:
    """One run with its results and models under the folder; returns the final state and its summary.json.

    Without the deepchecks pages, which take nearly as long as the rest of a small run, unless a test asks for them.
    """
    places = {"results": str(folder / "results"), "models": str(folder / "models")}
    with pytest.MonkeyPatch.context() as patch:
        if not draws_deepchecks:
            replace_object(is_drawn_at_once, lambda job, *, is_stable: False, set_attribute=patch.setattr)
        state = monitor(**{**places, **parameters}, return_state=True)
    written = Path(state.result()["results"]) / "summary.json"
    return state, json.loads(written.read_text(encoding="utf-8"))
