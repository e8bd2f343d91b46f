"""From files to a verdict in two commands: describe with --load, then monitor."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flows.describe import command as describe
from flows.load import command as load
from tasks.core.policy import MonitorPolicy, SelfCheckPolicy, TrainPolicy
from tests.support.flow import run_monitor
from tests.support.gallery.more_files import SHAPES
from tests.support.gallery.shape import Shape

QUICK = MonitorPolicy(
    train=TrainPolicy(forest_trees=20, boosting_rounds=40, folds=2), self_check=SelfCheckPolicy(splits=0)
)
TABLES = ("loan_details", "customer_details", "credit_details")
DAYS = {
    "start": date(2015, 10, 28),
    "end": date(2015, 11, 27),
    "reference_start": date(2015, 4, 16),
    "reference_end": date(2015, 5, 30),
}
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("prefect_server", "database")]


def as_command(options: tuple[str, ...]) -> dict[str, Any]:
    """The options as arguments of the command."""
    names = [(place, option[2:].replace("-", "_")) for place, option in enumerate(options) if option.startswith("--")]
    return {name: True if name == "rows_as_time" else options[place + 1] for place, name in names}


def as_days(options: tuple[str, ...]) -> dict[str, date]:
    """The options of `flows.monitor`, which are all days."""
    return {
        name[2:].replace("-", "_"): date.fromisoformat(day)
        for name, day in zip(options[::2], options[1::2], strict=True)
    }


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_two_commands_reach_a_verdict(shape: Shape, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing changes in these files, and nothing is found in them; each of the files has rows enough for that."""
    monkeypatch.chdir(tmp_path)
    files = [path.name for path in shape.write(tmp_path)]
    assert describe(*files, **as_command(shape.options), load=True) == 0
    contract = f"{Path(files[0]).stem}.toml"
    state, summary = run_monitor(tmp_path, contract=contract, policy=QUICK, **as_days(shape.monitor))
    assert state.is_completed()
    assert summary["outcome"] in ("stable", "undecided")
    assert summary["verdicts"]["quality"] in ("pass", "warn")
    assert summary["verdicts"]["data"] in ("pass", "warn")


def test_the_real_applications_get_the_verdict_of_the_contract_written_by_hand(
    real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same checks with the same verdicts; of every column the same numbers."""
    monkeypatch.chdir(tmp_path)
    for table in TABLES:
        shutil.copy(real_data / f"{table}.csv", tmp_path / f"drafted_{table}.csv")
    drafted = [f"drafted_{table}.csv" for table in TABLES]
    assert load(real_data) == 0
    assert describe(*drafted, target="loan_status", load=True) == 0
    found = {}
    for contract in ("loan_applications", "drafted_loan_details.toml"):
        _, summary = run_monitor(tmp_path, contract=contract, policy=QUICK, **DAYS)
        found[contract] = summary
    by_hand, drafts = found.values()
    assert drafts["outcome"] == by_hand["outcome"] == "stable"
    assert list_verdicts(drafts) == list_verdicts(by_hand)
    moved = [
        {f["subject"]: f["effect"] for f in summary["findings"] if f["check"] in ("distribution", "missing")}
        for summary in (drafts, by_hand)
    ]
    assert moved[0] == pytest.approx(moved[1])


def list_verdicts(summary: dict[str, Any]) -> dict[tuple[str, str, str], str]:
    return {(f["question"], f["check"], f["subject"]): f["verdict"] for f in summary["findings"]}
