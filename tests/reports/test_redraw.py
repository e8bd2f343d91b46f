"""The deepchecks pages of a run that has ended: drawn when somebody wants to see them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flows import pages
from tasks.core.policy import MonitorPolicy, PagesPolicy, SelfCheckPolicy, TrainPolicy
from tasks.reports.write_pages import is_drawn_at_once
from tests.support.flow import month, run_monitor

QUICK = MonitorPolicy(
    train=TrainPolicy(forest_trees=20, boosting_rounds=40, folds=2), self_check=SelfCheckPolicy(splits=0)
)
NAMES = ("data_quality.html", "data_drift.html", "model_drift.html")


class Planned:
    """What decides of a job."""

    def __init__(self, draw: str, backfill: str) -> None:
        self.policy, self.backfill = MonitorPolicy(pages=PagesPolicy(draw=draw)), backfill


@pytest.mark.parametrize(
    ("draw", "backfill", "expected"),
    [
        ("always", "", True),
        ("always", "a year", True),
        ("single_runs", "", True),
        ("single_runs", "a year", False),
        ("on_demand", "", False),
    ],
)
def test_the_policy_says_which_runs_draw_their_pages(draw, backfill, expected):
    assert is_drawn_at_once(Planned(draw, backfill)) is expected


def call(*arguments):
    return pages.app([str(argument) for argument in arguments], result_action="return_value")


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
def test_pages_on_demand_are_those_that_the_run_would_have_drawn(demo, tmp_path, capsys):
    window = month(2024, 8)
    _, at_once = run_monitor(tmp_path, draws_deepchecks=True, **window, policy=QUICK)
    later = QUICK.model_copy(update={"pages": PagesPolicy(draw="on_demand")})
    _, summary = run_monitor(tmp_path, draws_deepchecks=True, **window, policy=later)
    folder, other = Path(summary["results"]), Path(at_once["results"])
    assert not any((folder / name).exists() for name in NAMES)
    report = (folder / "report.html").read_text(encoding="utf-8")
    command = re.search(r"python -m flows\.pages (.*?)`", report)
    assert command is not None
    assert call(*command[1].split()) == 0
    for name in NAMES:
        drawn, expected = ((place / name).read_text(encoding="utf-8") for place in (folder, other))
        figures = [re.findall(r'<script type="application/json">(.*?)</script>', page) for page in (drawn, expected)]
        assert figures[0] == figures[1], name
        assert len(figures[0]) > 1
    linked = (folder / "report.html").read_text(encoding="utf-8")
    assert all(f'<a href="{name}">' in linked for name in NAMES)
    assert "draws them" not in linked
    assert (
        call(
            folder.name,
            "--results",
            tmp_path / "results",
            "--contract",
            "tests/support/second_lender/card_requests.toml",
        )
        == 2
    )
    assert "Name the contract's file" in capsys.readouterr().err
    assert call() == 2
