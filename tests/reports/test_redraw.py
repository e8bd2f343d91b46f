"""The deepchecks pages of a run that has ended: drawn when somebody wants to see them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flows import pages
from tasks.core.policy import MonitorPolicy, PagesPolicy, SelfCheckPolicy, TrainPolicy
from tasks.registry.versions import Champion, find_champion
from tasks.reports.deepchecks.draw import draw_pages
from tasks.reports.redraw import find_champion_of
from tasks.reports.write_pages import is_drawn_at_once
from tests.reports.test_evidence_pack import make_job
from tests.support.flow import month, run_monitor
from tests.support.replace import replace_object

QUICK = MonitorPolicy(
    train=TrainPolicy(forest_trees=20, boosting_rounds=40, folds=2), self_check=SelfCheckPolicy(splits=0)
)
NAMES = ("data_quality.html", "data_drift.html", "model_drift.html")


class Planned:
    """What decides of a job."""

    def __init__(self, draw: str, backfill: str) -> None:
        self.policy, self.backfill = MonitorPolicy(pages=PagesPolicy(draw=draw)), backfill


@pytest.mark.parametrize(
    ("draw", "backfill", "is_stable", "expected"),
    [
        ("always", "", True, True),
        ("always", "a year", True, True),
        ("single_runs", "", True, True),
        ("single_runs", "a year", False, False),
        ("changed", "", True, False),
        ("changed", "", False, True),
        ("changed", "a year", False, False),
        ("on_demand", "", False, False),
    ],
)
def test_the_policy_says_which_runs_draw_their_pages(draw, backfill, is_stable, expected):
    assert is_drawn_at_once(Planned(draw, backfill), is_stable=is_stable) is expected


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
    command = re.search(r"<code>python -m flows\.pages (.*?)</code>", report)
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


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
def test_pages_that_cannot_be_drawn_cost_no_run(demo, tmp_path, monkeypatch):
    def fail(*_):
        raise ConnectionError("The database is gone.")

    replace_object(draw_pages, fail, set_attribute=monkeypatch.setattr)
    state, summary = run_monitor(tmp_path, draws_deepchecks=True, **month(2024, 8), policy=QUICK)
    assert (state.is_completed(), summary["outcome"]) == (True, "kept")
    assert set(summary["pages"]) == {"report"}
    assert "draws them" in (Path(summary["results"]) / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(("scored", "is_silent"), [(2_000, False), (0, True), (None, True)])
def test_scores_that_the_run_left_out_are_in_no_page(engine, tmp_path, monkeypatch, scored, is_silent):
    found = Champion(object(), object())
    replace_object(find_champion, lambda *_: found, set_attribute=monkeypatch.setattr)
    summary = {"champion": {"version": 1}, "window": {"scored": scored}}
    champion = find_champion_of(engine, make_job(tmp_path), summary)
    assert bool(champion.silence) is is_silent
