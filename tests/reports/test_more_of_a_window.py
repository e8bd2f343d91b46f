"""What the report shows of every window: each column, each day, the decisions at the cut-off, importance, links."""

from __future__ import annotations

import csv
import io
import re
import shlex
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from markupsafe import Markup

from tasks.contract.columns import Column, Role
from tasks.contract.load import load_contract
from tasks.core.findings import Verdict
from tasks.core.policy import DriftPolicy, MonitorPolicy
from tasks.core.positive import Positive
from tasks.core.scored_window import ScoredWindow
from tasks.core.windows import Window
from tasks.drift.comparison import Comparison
from tasks.extract.labels import read_labels
from tasks.profile.profile import fit_profile
from tasks.reports.findings_file import HEAD, format_findings
from tasks.reports.links import Links
from tasks.reports.page.accept import list_accept_commands
from tasks.reports.page.confusion import count_cells, show_confusion
from tasks.reports.page.days import Series, draw_days, measure_days, show_days
from tasks.reports.page.evidence import Evidence
from tasks.reports.page.importance import draw_importance, list_importance
from tasks.reports.page.page import render_report
from tasks.reports.page.tiles import make_tiles
from tasks.statistics.counted_labels import Judged
from tests.reports.test_page import POLICY, make_drifted, make_evidence, make_summary
from tests.support.card_frames import HOSTILE, make_frame, score
from tests.support.page_script import leave_out_script
from tests.support.second_lender import CONTRACT


@pytest.fixture(scope="module")
def drifted() -> tuple[dict, Evidence]:
    evidence = make_drifted()
    return make_summary(evidence), evidence


def test_every_column_has_a_tile_and_those_that_moved_most_come_first(drifted):
    summary, evidence = drifted
    tiles = [*make_tiles(summary, evidence)[0], *make_tiles(summary, evidence)[1]]
    assert {tile.name for tile in tiles} == {column.name for column in evidence.contract.features}
    assert tiles[0].name in ("yearly_salary", "channel")
    moved = [tile.verdict is not Verdict.PASS for tile in tiles]
    assert moved == sorted(moved, reverse=True)
    assert all(tile.picture.count("<svg") == 1 for tile in tiles)
    finding = next(f for f in summary["findings"] if (f["check"], f["subject"]) == ("distribution", "yearly_salary"))
    change = next(tile.change for tile in tiles if tile.name == "yearly_salary")
    assert change == f"{100 * finding['effect']:.1f} of {100 * finding['limit']:.1f} points"


def test_a_tile_of_a_number_shows_both_medians(drifted):
    summary, evidence = drifted
    tile = next(tile for tile in make_tiles(summary, evidence)[0] if tile.name == "yearly_salary")
    assert re.search(r"median [\d,.k]+ in the reference, [\d,.k]+ in the window", tile.picture)
    assert tile.picture.count("before-median") == tile.picture.count("now-median") == 1


def test_words_of_the_data_are_text_in_a_tile(drifted):
    summary, evidence = drifted
    page = leave_out_script(render_report(summary, evidence))
    assert "<script" not in page
    assert all(HOSTILE not in tile.picture for tile in make_tiles(summary, evidence)[0])


def test_many_quiet_columns_are_folded():
    evidence = make_evidence(make_frame(2))
    summary = make_summary(evidence)
    contract = evidence.contract
    assert len(contract.features) <= 10
    seen, folded = make_tiles(summary, evidence)
    assert (len(seen), len(folded)) == (len(contract.features), 0), "few columns are not worth a fold"


@pytest.mark.slow
def test_a_page_of_sixty_columns_is_smaller_than_a_megabyte():
    contract = load_contract(CONTRACT)
    more = [f"measure_with_a_long_name_{number}" for number in range(56)]
    columns = (*contract.columns, *(Column(name=name, role=Role.FEATURE, type="number") for name in more))
    contract = contract.model_copy(update={"columns": columns})
    random = np.random.default_rng(5)

    def widen(seed: int, shift: float) -> ScoredWindow:
        frame = make_frame(seed)
        values = {name: random.normal(shift, 1.0, len(frame)) for name in more}
        wide = pd.concat([frame, pd.DataFrame(values)], axis=1)
        return ScoredWindow(wide, read_labels(contract, frame), score(frame))

    profile = fit_profile(contract, widen(1, 0.0), origin="holdout", seed=0)
    evidence = Evidence(Comparison(profile, widen(4, 0.5), POLICY.drift), contract)
    page = render_report(make_summary(evidence), evidence)
    assert page.count('<figure class="tile"') == len(contract.features) >= 60
    assert len(page.encode()) < 1_000_000


def make_days(days: list[int], labels: list[float], scores: list[float]) -> Evidence:
    """A window of some rows on the first days of July."""
    evidence = make_evidence(make_frame(2))
    rows = np.zeros(len(evidence.observed.labels), dtype=bool)
    rows[: len(days)] = True
    observed = replace(
        evidence.observed.take(rows),
        labels=np.array(labels),
        scores=np.array(scores),
        days=np.datetime64("2023-07-01") + np.array(days),
    )
    return Evidence(Comparison(evidence.profile, observed, POLICY.drift), evidence.contract)


def test_the_days_of_a_window_are_counted_and_averaged():
    nan = float("nan")
    evidence = make_days([0, 0, 0, 2], [1, 0, nan, 1], [0.2, 0.4, 0.6, 0.5])
    first, series = measure_days(evidence, Positive("yes"))
    assert first == date(2023, 7, 1)
    assert [one.name for one in series] == ["applications", 'share of "yes"', "missing values", "mean score"]
    assert series[0].by_day.tolist() == [3, 0, 1]
    assert series[1].by_day.tolist() == pytest.approx([0.5, nan, 1.0], nan_ok=True)
    assert series[3].by_day.tolist() == pytest.approx([0.4, nan, 0.5], nan_ok=True)
    expected = (evidence.comparison.codes == 0).mean(axis=1)
    assert series[2].by_day[2] == pytest.approx(expected[3])
    profile = evidence.profile
    assert series[1].reference == pytest.approx(profile.positive / profile.labelled)
    section = show_days(evidence, Positive("yes"))
    assert [values[0] for _, values in section.rows] == ["3", "0", "1"]
    assert section.rows[1][1][1] == "–"
    assert len(section.pictures) == 4


def test_a_window_of_one_day_has_numbers_and_no_pictures():
    section = show_days(make_days([0, 0], [1, 1], [0.5, 0.5]), Positive("yes"))
    assert section.pictures == []
    assert len(section.rows) == 1


def test_without_days_there_is_no_section():
    evidence = make_evidence(make_frame(2))
    undated = Evidence(
        Comparison(evidence.profile, replace(evidence.observed, days=None), POLICY.drift), evidence.contract
    )
    assert show_days(undated, Positive("yes")) is None
    assert 'id="days"' not in render_report(make_summary(evidence), undated)


def test_the_picture_of_the_days_has_the_references_level():
    days = [date(2023, 7, 1), date(2023, 7, 2)]
    picture = draw_days(days, Series("<b>", np.array([0.4, 0.6]), np.array([10.0, 5.0]), 0.5))
    assert picture.count("reference-level") == 1
    assert picture.count('class="now-dot"') == 2
    assert "&lt;b&gt; by day: 40.0 % to 60.0 %; the reference has 50.0 %." in picture
    assert "reference-level" not in draw_days(days, Series("x", np.array([4.0, 6.0]), np.ones(2), None, is_share=False))


def test_the_confusion_matrix_counts_both_sides():
    labels, scores = np.array([1, 1, 0, 0, 0.0]), np.array([0.9, 0.4, 0.5, 0.1, 0.2])
    assert count_cells(Judged(labels, scores), 0.5) == (1, 1, 1, 2)
    evidence = make_days([0] * 5, labels.tolist(), scores.tolist())
    summary = make_summary(make_evidence(make_frame(2)), cut_off={"threshold": 0.5, "sentence": "“yes” from 0.5 on."})
    shown = show_confusion(summary, evidence)
    assert [(cell.model, cell.recorded, cell.window) for cell in shown.cells] == [
        ("yes", "yes", "1"), ("yes", "no", "1"), ("no", "yes", "1"), ("no", "no", "2"),
    ]  # fmt: skip
    assert shown.agreed[1] == "60.0 %"
    assert "Decisions at the <a" in render_report(summary, evidence)
    assert show_confusion({**summary, "cut_off": None}, evidence) is None
    undecided = make_evidence(make_frame(3), undecided=True)
    assert show_confusion(summary, undecided) is None


def test_importance_is_shown_where_it_was_measured():
    columns = [
        {"column": "small", "reference": 0.01, "current": -0.0001},
        {"column": "<b>large", "reference": 0.12, "current": 0.03},
    ]
    ranked = list_importance({"comparison": {"importance": columns}})
    assert [column["column"] for column in ranked] == ["<b>large", "small"]
    picture = draw_importance(ranked)
    assert "&lt;b&gt;large" in picture
    assert "0.120 → 0.030" in picture
    assert "0.010 → 0.000" in picture
    assert picture.count("before-bar") == picture.count("now-bar") == 2
    assert list_importance({"comparison": None, "champion": None}) == []
    trained = {"metrics": {"importance": [{"column": "income", "loss": 0.08, "error": 0.01}]}}
    of_training = list_importance({"comparison": None, "champion": trained})
    assert of_training == [{"column": "income", "reference": 0.08, "current": None}]
    assert "0.080" in draw_importance(of_training)
    assert "now-bar" not in draw_importance(of_training)
    assert draw_importance([]) == Markup("")


def test_changed_limits_stand_at_the_top():
    evidence = make_evidence(make_frame(2))
    policy = MonitorPolicy(drift=DriftPolicy(label_limit=0.05)).model_dump(mode="json")
    top = render_report(make_summary(evidence, policy=policy), evidence).split("</header>")[0]
    assert "drift.label_limit 0.05 (default " in top
    assert "Also worth reading" in top
    assert "differs from its default" not in render_report(make_summary(evidence), evidence)


def test_every_notice_leads_to_a_place_of_the_page(drifted):
    summary, evidence = drifted
    page = render_report({**summary, "policy": {**summary["policy"], "drift": {"label_limit": 0.05}}}, evidence)
    places = re.findall(r'<a href="#([^"]+)"', page)
    assert "policy" in places
    assert set(places) <= set(re.findall(r'id="([^"]+)"', page))


def test_the_links_of_a_page(drifted):
    links = Links("20230701T060000-3f9a1c", Window(date(2023, 6, 1), date(2023, 6, 30)), "http://127.0.0.1/runs/1")
    page = render_report(*drifted, links=links)
    for address in (
        "../index.html",
        "../20230701T060000-3f9a1c/report.html",
        "http://127.0.0.1/runs/1",
        "findings.csv",
    ):
        assert f'href="{address}"' in page
    assert "Window before: 1 Jun 2023 to 30 Jun 2023" in page
    assert "Window before" not in render_report(*drifted, links=Links())
    assert "index.html" not in render_report(*drifted), "a page of no run has no neighbours"


def test_each_new_change_has_a_command_that_accepts_it(drifted):
    summary, evidence = drifted
    command = "python -m flows.monitor --contract 'my contracts/cards.toml' --results /data"
    commands = list_accept_commands({**summary, "command": command})
    words = shlex.split(next(one for one in commands if "data/yearly_salary" in one))
    assert words == [
        "python", "-m", "flows.settle", "data/yearly_salary", "--run", summary["job_id"],
        "--contract", "my contracts/cards.toml", "--who", "NAME", "--why", "REASON",
    ]  # fmt: skip
    assert "flows.settle data/yearly_salary" in render_report(summary, evidence)
    quiet = make_evidence(make_frame(2))
    assert list_accept_commands(make_summary(quiet)) == []


def test_the_findings_file_has_a_row_for_each_finding(drifted):
    summary, _ = drifted
    rows = list(csv.DictReader(io.StringIO(format_findings(summary))))
    assert list(rows[0]) == list(HEAD)
    assert len(rows) == len(summary["findings"])
    salary = next(row for row in rows if row["column"] == "yearly_salary" and row["result"] == "alarm")
    finding = next(f for f in summary["findings"] if f["subject"] == "yearly_salary" and f["verdict"] == "fail")
    assert float(salary["effect"]) == finding["effect"]
    assert salary["sentence"] == finding["sentence"]


def test_a_spreadsheet_takes_no_cell_for_a_formula(drifted):
    summary, _ = drifted
    hostile = {**summary["findings"][0], "subject": '=HYPERLINK("http://x")', "sentence": "@SUM(1), \n“two lines”"}
    row = next(csv.DictReader(io.StringIO(format_findings({**summary, "findings": [hostile]}))))
    assert row["column"] == '\'=HYPERLINK("http://x")'
    assert row["sentence"] == "'@SUM(1), \n“two lines”"
