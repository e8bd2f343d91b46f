"""The main job: every stage of the diagram on a real PostgreSQL, for every way in which a run can end."""

from __future__ import annotations

import html
import json
from datetime import date
from pathlib import Path

import jsonschema
import pytest
from sqlalchemy import text

from blocks.postgres.connect import Patience, make_engine
from flows import models
from tasks.contract.load import load_contract
from tasks.core.findings import Question
from tasks.core.policy import MonitorPolicy, SelfCheckPolicy, TrainPolicy
from tasks.demo.story import STORY, Month
from tasks.job.stages import STAGES
from tasks.monitor_check.own_splits import draw_splits
from tasks.source_tables.load import load_tables
from tests.support import ROOT
from tests.support.flow import month, run_monitor
from tests.support.replace import replace_object
from tests.support.second_lender import CONTRACT as SECOND_CONTRACT
from tests.support.second_lender import fill_table, make_requests

SCHEMA = json.loads((ROOT / "docs" / "summary.schema.json").read_text(encoding="utf-8"))
QUICK = MonitorPolicy(
    train=TrainPolicy(forest_trees=20, boosting_rounds=40, folds=2),
    self_check=SelfCheckPolicy(splits=0),
)

UNCHECKED = MonitorPolicy(self_check=SelfCheckPolicy(splits=0))  # which comes after the verdict

pytestmark = pytest.mark.usefixtures("prefect_server")


def read_all(engine, query, **parameters):
    with engine.connect() as connection:
        return connection.execute(text(query), parameters).mappings().all()


def test_a_drifted_month_goes_down_the_whole_diagram(demo, tmp_path):
    fingerprint = "select count(*), md5(string_agg(loan::text, '' order by loan::text)) from loan_details as loan"
    before = read_all(demo, fingerprint)
    state, summary = run_monitor(tmp_path, draws_deepchecks=True, **month(2024, 8), policy=QUICK)
    assert read_all(demo, fingerprint) == before  # the lender's tables are only read
    jsonschema.validate(summary, SCHEMA, format_checker=jsonschema.FormatChecker())
    assert state.is_completed()
    assert (state.name, state.message.split(":")[0]) == ("Completed", "retrained, champion kept")
    assert summary["outcome"] == "kept"  # the lender decides as before, so a challenger has nothing to learn
    assert summary["verdicts"]["data"] == "fail"
    income = next(f for f in summary["findings"] if f["subject"] == "annual_income" and f["verdict"] == "fail")
    assert income["onset"]["kind"] == "before"  # the campaign began with the month
    assert income["onset"]["latest"] <= "2024-08-08"
    assert income["sentence"].endswith(("or before.", "before the window."))
    assert summary["champion"]["trained_by_this_run"]
    ended = {entry["stage"]: entry for entry in summary["stages"]}
    for name in STAGES:
        if name not in ("report", "alert", "journal"):
            assert ended[name]["status"] == "finished", name
    folder = Path(summary["results"])
    pages = {"report.html", "data_quality.html", "data_drift.html", "model_drift.html"}
    assert pages | {"deploy_report.json"} <= {file.name for file in folder.iterdir()}
    assert all((folder / page).stat().st_size < 6_000_000 for page in pages)
    journal = read_all(demo, "select stage, status from loanwatch.mljob where job_id = :job", job=summary["job_id"])
    started = [row["stage"] for row in journal if row["status"] == "started"]
    assert started[-2:] == ["journal", "pages"]  # nobody waits for what no verdict depends on
    assert sorted(started) == sorted(row["stage"] for row in journal if row["status"] == "finished")
    assert len(read_all(demo, "select 1 from loanwatch.finding")) == len(summary["findings"])
    (alert,) = read_all(demo, "select * from loanwatch.alert")
    assert "annual_income" in alert["body"]


@pytest.mark.slow
def test_quiet_months_are_stable_and_the_rule_change_is_concept_drift(demo, tmp_path):
    reference = {"reference_start": date(2024, 1, 1), "reference_end": date(2024, 6, 30)}
    _, first = run_monitor(tmp_path, **month(2024, 7), **reference, policy=QUICK)
    assert first["outcome"] == "stable"
    (told,) = read_all(demo, "select severity, body from loanwatch.alert")
    assert told["severity"] == "info", "a quiet month is told for one thing: its model is the first in production"
    assert "Version 1 is the first model in production." in told["body"]
    _, second = run_monitor(tmp_path, **month(2024, 10), policy=QUICK)
    assert not second["champion"]["trained_by_this_run"]
    assert second["champion"]["version"] == first["champion"]["version"]
    assert (second["verdicts"]["data"], second["verdicts"]["concept"]) == ("pass", "fail")


@pytest.mark.slow
def test_a_first_model_that_ranks_nothing_and_was_not_tested_still_judges_the_month(demo, tmp_path, capsys):
    """Decisions by lot, and the last days of the reference hold one decision only: no reason to answer nothing."""
    with demo.begin() as connection:
        connection.execute(
            text(
                "update loan_details set loan_status = case when abs(hashtext(loan_id)) % 3 = 0 then 'loan refused' "
                "else 'loan given' end"
            )
        )
        connection.execute(
            text("update loan_details set loan_status = 'loan given' where application_time like '__-0_-2024%' "
                 "and substr(application_time, 4, 2) in ('05', '06')")
        )  # fmt: skip
    reference = {"reference_start": date(2024, 1, 1), "reference_end": date(2024, 6, 30)}
    _, summary = run_monitor(tmp_path, **month(2024, 7), **reference, policy=QUICK)
    assert summary["champion"]["trained_by_this_run"]
    assert summary["champion"]["metrics"]["test"]["auc"] is None
    assert "not_run" not in summary["verdicts"].values()
    (strength,) = [finding for finding in summary["findings"] if finding["check"] == "strength"]
    assert strength["verdict"] == "warn"
    assert "ranks weakly" in (Path(summary["results"]) / "report.html").read_text(encoding="utf-8")
    jsonschema.validate(summary, SCHEMA, format_checker=jsonschema.FormatChecker())
    assert models.app([], result_action="return_value") == 0
    assert models.app(["show", "1"], result_action="return_value") == 0
    assert "not tested" in capsys.readouterr().out


@pytest.mark.slow
def test_a_self_check_that_fails_fails_no_run_and_the_next_run_makes_it_up(demo, tmp_path, monkeypatch):
    """And a limit that it has raised counts from then on."""

    def run(number, **more):
        policy = QUICK.model_copy(update={"self_check": SelfCheckPolicy(splits=2)})
        return run_monitor(tmp_path, **month(2024, number), **more, policy=policy)

    def break_off(*given):
        raise ZeroDivisionError

    reference = {"reference_start": date(2024, 1, 1), "reference_end": date(2024, 6, 30)}
    with monkeypatch.context() as broken:
        replace_object(draw_splits, break_off, set_attribute=broken.setattr)
        state, first = run(7, **reference)
    assert (state.is_completed(), first["outcome"], first["self_checks"]) == (True, "stable", [])
    assert "not made when this page was written" in (Path(first["results"]) / "report.html").read_text(encoding="utf-8")
    entries = "select status from loanwatch.mljob where stage = 'self_check' order by entry"
    assert [row["status"] for row in read_all(demo, entries)] == ["started", "failed"]

    _, second = run(7)
    (check,) = second["self_checks"]
    assert (check["version"], check["splits"]) == (1, 2)
    assert check["sentence"] in html.unescape((Path(second["results"]) / "report.html").read_text(encoding="utf-8"))

    raised = {"question": "data", "alarms": 9, "splits": 50, "rows": 1_000}
    own = [
        {**raised, "check": "distribution", "column": "annual_income", "limit": 0.4, "unit": "share of applicants"},
        {**raised, "check": "joint_shape", "column": "", "limit": 0.8, "unit": "AUC"},
    ]
    record = {"record": json.dumps({**check, "own_limits": own})}
    with demo.begin() as connection:
        connection.execute(text("alter table loanwatch.self_check disable trigger self_check_is_append_only"))
        connection.execute(text("update loanwatch.self_check set record = cast(:record as jsonb)"), record)
    _, third = run(8)
    assert (third["outcome"], third["verdicts"]["data"]) == ("stable", "warn")
    assert third["self_checks"][0]["own_limits"] == own
    income = next(f for f in third["findings"] if (f["check"], f["subject"]) == ("distribution", "annual_income"))
    assert (income["verdict"], income["limit"]) == ("warn", 0.4)
    assert "9 alarms in 50 random splits" in income["sentence"]


@pytest.mark.slow
def test_an_empty_window_is_unfit_and_trains_nothing(demo, tmp_path):
    state, summary = run_monitor(tmp_path, start=date(2025, 3, 1), end=date(2025, 3, 31))
    assert (state.name, state.message.split(":")[0]) == ("Completed", "data unfit")
    assert summary["window"]["applications"] == 0
    assert not read_all(demo, "select * from loanwatch.model_version")
    assert (Path(summary["results"]) / "report.html").is_file()


@pytest.mark.slow
def test_a_month_of_which_most_days_are_missing_is_unfit_and_told(demo, tmp_path):
    """Enough applications to be judged, and all are of the last four days."""
    with demo.begin() as connection:
        connection.execute(
            text("delete from loan_details where to_date(application_time, 'DD-MM-YYYY') between '2024-08-01' "
                 "and '2024-08-27'")
        )  # fmt: skip
    _, summary = run_monitor(tmp_path, **month(2024, 8), policy=QUICK)
    assert summary["outcome"] == "quality_failed"
    (told,) = [finding for finding in summary["findings"] if finding["check"] == "empty_days"]
    assert (told["verdict"], told["effect"]) == ("fail", pytest.approx(27 / 31))
    assert told["sentence"] in (Path(summary["results"]) / "report.html").read_text(encoding="utf-8")
    assert {summary["verdicts"][name] for name in ("data", "label", "concept", "model")} == {"not_run"}
    jsonschema.validate(summary, SCHEMA, format_checker=jsonschema.FormatChecker())


@pytest.mark.slow
def test_another_lenders_table_runs_through_the_whole_flow(database, tmp_path):
    engine = make_engine(database, Patience())
    fill_table(engine, make_requests())
    reference = {"reference_start": date(2023, 1, 1), "reference_end": date(2023, 6, 30)}
    _, summary = run_monitor(tmp_path, **month(2023, 7), **reference, contract=SECOND_CONTRACT, policy=QUICK)
    jsonschema.validate(summary, SCHEMA)
    assert summary["outcome"] == "stable"  # every month of these requests is made alike
    assert summary["window"]["applications"] == 500
    engine.dispose()


def render_story() -> str:
    """The story as a Markdown table; neighbouring months of which the same is told share a row."""
    lines = ["| month | what happens | what loanwatch should say |", "|---|---|---|"]
    chapters: list[list[Month]] = []
    for told in STORY:
        if chapters and (chapters[-1][0].happens, chapters[-1][0].says) == (told.happens, told.says):
            chapters[-1].append(told)
        else:
            chapters.append([told])
    for chapter in chapters:
        months = " … ".join(dict.fromkeys(f"{told.first_day:%Y-%m}" for told in (chapter[0], chapter[-1])))
        lines.append(f"| {months} | {chapter[0].happens} | {chapter[0].says} |")
    return "\n".join(lines)


def test_the_document_has_the_story_that_the_generator_makes():
    assert render_story() in (ROOT / "docs" / "demo.md").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("told", STORY[7:], ids=lambda told: f"{told.first_day:%Y-%m}")
def test_the_demos_story_is_what_loanwatch_says(demo, tmp_path, told):
    reference = {"reference_start": date(2024, 2, 1), "reference_end": date(2024, 7, 31)}
    _, summary = run_monitor(tmp_path, **month(2024, told.first_day.month), **reference, policy=UNCHECKED)
    assert summary["verdicts"] == {str(question): _expect(summary, told, question) for question in Question}
    named = {
        f["subject"] for f in summary["findings"] if f["question"] == "data" and f["verdict"] == "fail" and f["subject"]
    }
    assert set(told.names) <= named


def _expect(summary, told, question):
    """Pass may be a note: sure, but too small to matter."""
    said, expected = summary["verdicts"][str(question)], str(told.expect(question))
    return said if (said, expected) == ("warn", "pass") else expected


@pytest.mark.slow
def test_real_applications(database, real_data, tmp_path):
    engine = make_engine(database, Patience())
    load_tables(engine, load_contract("loan_applications"), real_data)
    reference = {"reference_start": date(2015, 4, 16), "reference_end": date(2015, 5, 30)}
    november = {"start": date(2015, 10, 28), "end": date(2015, 11, 27)}
    _, summary = run_monitor(tmp_path, **november, **reference, policy=UNCHECKED)
    assert summary["outcome"] == "stable", "the approval rate has moved by less than its limit, and nothing else has"
    assert summary["champion"]["metrics"]["test"]["auc"] >= 0.935
    assert {entry["stage"] for entry in summary["stages"]} >= set(STAGES)
    engine.dispose()


@pytest.mark.slow
def test_decisions_that_come_late_are_waited_for_and_judged_when_they_have_come(demo, tmp_path):
    """Of the last ten days 80 % of the approvals are still missing; a month later they have come."""
    late = (
        "lower(loan_status) like '%given%' and substr(application_time, 1, 10) between '22-07-2024' and '31-07-2024' "
        "and substr(application_time, 4, 7) = '07-2024' and abs(hashtext(loan_id)) % 5 < 4"
    )
    with demo.begin() as connection:
        connection.execute(text(f"create table waiting as select * from loan_details where {late}"))
        connection.execute(text(f"update loan_details set loan_status = null where {late}"))
        connection.execute(
            text("delete from loan_details where to_date(application_time, 'DD-MM-YYYY') > '2024-07-31'")
        )
    reference = {"reference_start": date(2024, 1, 1), "reference_end": date(2024, 6, 30)}
    _, first = run_monitor(tmp_path, **month(2024, 7), **reference, policy=QUICK)
    assert first["outcome"] in ("stable", "undecided")
    (waiting,) = [finding for finding in first["findings"] if finding["check"] == "ripe_days"]
    assert waiting["verdict"] == "warn"
    assert "Only decisions up to 2024-07-" in waiting["sentence"]
    assert "Run it again on 2024-08-" in waiting["sentence"]
    assert "Run it again on 2024-08-" in first["reason"]
    assert "still to come" in (Path(first["results"]) / "report.html").read_text(encoding="utf-8")

    with demo.begin() as connection:
        connection.execute(
            text(
                "update loan_details set loan_status = waiting.loan_status from waiting "
                "where loan_details.loan_id = waiting.loan_id"
            )
        )
    _, second = run_monitor(tmp_path, **month(2024, 7), policy=QUICK)
    assert second["outcome"] == "stable"
    (became,) = [finding for finding in second["findings"] if finding["check"] == "first_answer"]
    assert first["job_id"] in became["sentence"]
    assert "label" in became["sentence"] or "all answers stand" in became["sentence"]
