"""Pages of real runs: a first, a drifted, a promoted and an unfit one; the history; the evidence pack; the schema."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shlex
import zipfile
from datetime import date, timedelta
from html import unescape
from pathlib import Path

import jsonschema
import pytest
from sqlalchemy import text

from blocks.postgres.connect import Patience, make_engine
from flows.evidence import command as pack_evidence
from flows.history import command as rebuild
from tasks.core.policy import MonitorPolicy, SelfCheckPolicy, TrainPolicy, load_policy
from tasks.core.wording import name_outcome
from tasks.registry.entries import find_entry_on, read_ledger
from tasks.registry.ledger import verify_ledger
from tasks.registry.versions import find_current, read_version
from tasks.reports.history.records import read_history
from tasks.reports.page.wording import MEASURES, write_headline
from tests.support import ROOT
from tests.support.browser import audit, is_too_wide, needs_chromium, open_tab
from tests.support.flow import month, run_monitor
from tests.support.page_script import leave_out_script

SCHEMA = json.loads((ROOT / "docs" / "summary.schema.json").read_text(encoding="utf-8"))
QUICK = MonitorPolicy(
    train=TrainPolicy(forest_trees=30, boosting_rounds=60),
    self_check=SelfCheckPolicy(splits=2),
)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("prefect_server")]


@pytest.fixture(scope="module")
def past(demo_database, make_database, tmp_path_factory):
    """Four runs on the demo, one after the other: their folder, summaries, and the database's engine."""
    url = make_database(template=demo_database)
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOANWATCH_DATABASE_URL", url.render_as_string(hide_password=False))
        reference = {"reference_start": date(2024, 1, 1), "reference_end": date(2024, 6, 30)}
        summaries = {
            "first": run_monitor(folder, draws_deepchecks=True, **month(2024, 7), **reference, policy=QUICK)[1],
            "drifted": run_monitor(folder, **month(2024, 8), policy=QUICK)[1],
            "promoted": run_monitor(folder, draws_deepchecks=True, **month(2024, 10), policy=QUICK)[1],
            "unfit": run_monitor(folder, start=date(2025, 3, 1), end=date(2025, 3, 31), policy=QUICK)[1],
        }
        engine = make_engine(url, Patience())
        yield folder / "results", summaries, engine
        engine.dispose()


def read_report(summary):
    return (Path(summary["results"]) / "report.html").read_text(encoding="utf-8")


def test_deepchecks_draws_for_a_run_that_found_something_and_waits_to_be_asked_by_a_stable_one(past):
    first, promoted = (past[1][name] for name in ("first", "promoted"))
    assert (first["outcome"], set(first["pages"])) == ("stable", {"report"})
    assert "python -m flows.pages" in read_report(first)
    assert set(promoted["pages"]) == {"report", "data_quality", "data_drift", "model_drift"}


@pytest.mark.parametrize("name", ["first", "drifted", "promoted", "unfit"])
def test_summary_and_report_say_the_same(past, name):
    summary = past[1][name]
    jsonschema.validate(summary, SCHEMA, format_checker=jsonschema.FormatChecker())
    assert json.loads((Path(summary["results"]) / "summary.json").read_text(encoding="utf-8")) == summary
    page = read_report(summary)
    assert f'<span class="pill {summary["outcome"]}">{name_outcome(summary["outcome"])}</span>' in page
    assert write_headline(summary).replace("'", "&#39;") in page
    assert f"<b>{summary['window']['applications']:,}</b> applications" in page
    for question, verdict in summary["verdicts"].items():
        assert f'<li class="{verdict}"><span class="name">{question.capitalize()} ' in page or question == "quality"
    if summary["comparison"]:
        assert f"{summary['comparison']['challenger']['auc']:.3f}" in page
        assert summary["comparison"]["reason"].replace("'", "&#39;") in page
    assert "<script" not in leave_out_script(page)


def test_a_report_leads_to_the_window_before_and_to_its_findings(past):
    first, drifted, promoted, _ = past[1].values()
    assert f'href="../{first["job_id"]}/report.html"' in read_report(drifted)
    assert f'href="../{drifted["job_id"]}/report.html"' in read_report(promoted)
    assert "Window before" not in read_report(first)
    assert 'href="../index.html"' in read_report(first)
    with (Path(drifted["results"]) / "findings.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["sentence"] for row in rows] == [finding["sentence"] for finding in drifted["findings"]]


def test_what_a_run_of_the_demo_shows_of_its_window(past):
    page = read_report(past[1]["drifted"])
    for part in ("columns", "days", "model", "checks-label", "policy"):
        assert f'id="{part}"' in page
    assert page.count('<figure class="tile"') == 19
    assert "31 Aug 2024" in page
    assert "AUC that is lost without a column. credit_score: " in page


def test_each_run_tells_its_own_story(past):
    first, drifted, promoted, unfit = past[1].values()
    assert "the first champion, trained by this run" in read_report(first)
    assert "No significant change." in read_report(first)
    assert "annual_income" in write_headline(drifted)
    assert "the decision rule has changed" in write_headline(promoted).lower()
    assert write_headline(promoted).endswith(": the challenger replaces the champion.")
    assert "unfit for use" in write_headline(unfit)


def test_the_promotion_is_in_the_registry_and_the_ledger(past):
    """In October the rule changes: a challenger that has seen some of it ranks better than one that has not."""
    summaries, engine = past[1], past[2]
    summary, record = summaries["promoted"], summaries["promoted"]["comparison"]
    assert (summary["outcome"], record["promoted"]) == ("promoted", True)
    assert record["reason"].startswith("Promoted: ")
    assert summary["reason"].endswith(record["reason"])
    assert record["challenger"]["auc"] - record["champion"]["auc"] == pytest.approx(record["difference"])
    assert record["interval"][0] > 0, "it is proven better"
    before, after = summary["champion"]["version"], summary["champion_after"]
    assert before == summaries["drifted"]["champion_after"] != after
    name, end = summary["contract"]["name"], date.fromisoformat(summary["window"]["end"])
    with engine.connect() as connection:
        ledger = read_ledger(connection, name)
        effective = find_entry_on(connection, name, end)
        current = find_current(connection, name)
        models = [read_version(connection, name, version) for version in (before, after)]
    assert (current, verify_ledger(ledger, current)) == (after, [])
    assert [model.state for model in models] == ["retired", "champion"]
    assert (models[1].job_id, models[1].kind) == (summary["job_id"], record["kind"])
    assert models[1].metrics["comparison"]["challenger"]["auc"] == record["challenger"]["auc"]
    row = ledger[-1]
    assert (row.job_id, row.from_version, row.to_version) == (summary["job_id"], before, after)
    refitted = f"Then fitted again in the same way on all {models[1].metrics['fitted_rows']:,} applications"
    assert row.why.startswith(f"{record['reason']} {refitted}")
    assert row.effective_from == end + timedelta(days=1)
    assert effective.to_version == before
    report = (Path(summary["results"]) / "deploy_report.json").read_bytes()
    assert row.evidence_sha256 == summary["hashes"]["deploy_report"] == hashlib.sha256(report).hexdigest()
    assert {**json.loads(report), **record} == json.loads(report), "the summary tells what the evidence tells"


def test_each_champion_is_checked_once_and_the_pages_say_so(past):
    """On the rows of its own reference, by the run that has made it, after the verdict."""
    summaries, engine = past[1], past[2]
    versions = {name: [check["version"] for check in summaries[name]["self_checks"]] for name in summaries}
    old, new = summaries["promoted"]["champion"]["version"], summaries["promoted"]["champion_after"]
    assert versions == {"first": [old], "drifted": [old], "promoted": [old, new], "unfit": []}
    with engine.connect() as connection:
        kept = connection.execute(text("select version, job_id, record from loanwatch.self_check order by version"))
        rows = {row.version: (row.job_id, row.record) for row in kept}
    assert rows == {
        version: (summaries[name]["job_id"], summaries[name]["self_checks"][-1])
        for name, version in (("first", old), ("promoted", new))
    }
    for name in ("first", "drifted", "promoted"):
        page = " ".join(unescape(re.sub("<[^>]*>", " ", read_report(summaries[name]))).split())
        for check in summaries[name]["self_checks"]:
            assert f"of version {check['version']}: {check['sentence']}" in page
            assert check["splits"] == 2
        jsonschema.validate(summaries[name], SCHEMA)
    stages = {name: [entry["stage"] for entry in summaries[name]["stages"]] for name in summaries}
    assert stages["first"][-1] == stages["promoted"][-1] == "self_check"
    assert "self_check" not in stages["drifted"]


def test_the_page_of_a_promotion_says_what_was_recorded(past):
    summary = past[1]["promoted"]
    page = " ".join(unescape(re.sub("<[^>]*>", " ", read_report(summary))).split())
    record, name = summary["comparison"], MEASURES["auc"]
    for said in (
        f"retrained, challenger promoted {write_headline(summary)} {summary['reason']}",
        f"model in production version {summary['champion_after']}",
        f"Monitored model Version {summary['champion']['version']},",
        f"Champion and challenger {record['reason']}",
        f"measure champion, version {record['champion_version']} challenger challenger in training {name} "
        + " ".join(f"{record[who]['auc']:.3f}" for who in ("champion", "challenger", "challenger_training")),
    ):
        assert said in page
    assert record["champion_version"] == summary["champion"]["version"]
    assert summary["hashes"]["deploy_report"] in page


def test_the_history_shows_what_the_runs_found(past):
    results, summaries, engine = past
    with engine.connect() as connection:
        (history,) = read_history(connection)
    assert [run.outcome for run in history.runs] == [summaries[name]["outcome"] for name in reversed(summaries)]
    assert {run.job_id: run.verdicts for run in history.runs} == {
        s["job_id"]: s["verdicts"] for s in summaries.values()
    }
    page = (results / "index.html").read_text(encoding="utf-8")
    assert f"<td>{summaries['promoted']['comparison']['reason']} Then fitted again in the same way on all" in page
    for summary in summaries.values():
        assert f'href="{summary["job_id"]}/report.html"' in page
    assert "annual_income" in page
    (results / "index.html").unlink()
    assert rebuild(results=str(results)) == 0
    assert (results / "index.html").read_text(encoding="utf-8") == page


def test_the_evidence_pack_is_whole(past, tmp_path):
    results, summaries, engine = past
    summary = summaries["promoted"]
    packed = tmp_path / "pack.zip"
    assert pack_evidence(summary["job_id"], output=packed, results=str(results)) == 0
    assert packed.stat().st_size < 15_000_000
    with zipfile.ZipFile(packed) as pack:
        files = {Path(name).name: pack.read(name) for name in pack.namelist()}
    needed = {"report.html", "summary.json", "deploy_report.json", "data_quality.html", "data_drift.html"}
    assert needed | {"model_drift.html", "ledger.json", "repeat.sh", "policy.toml", "SHA256SUMS"} <= files.keys()
    for version in (summary["champion"]["version"], summary["champion_after"]):
        assert files[f"model_card_version_{version}.md"].startswith(b"# ")
    with engine.connect() as connection:
        count = connection.execute(text("select count(*) from loanwatch.promotion")).scalar()
    assert len(json.loads(files["ledger.json"])) == count
    assert summary["command"] in files["repeat.sh"].decode()


def test_the_command_names_every_option_that_is_not_the_default(past):
    summary = past[1]["first"]
    words = shlex.split(summary["command"])
    options = dict(zip(words[3::2], words[4::2], strict=True))
    assert (options["--reference-start"], options["--reference-end"]) == ("2024-01-01", "2024-06-30")
    assert options["--results"] == str(past[0])
    assert options["--models"] == str(past[0].parent / "models")
    assert load_policy(Path(options["--policy"])) == QUICK
    assert "--reference-start" not in past[1]["drifted"]["command"]


@needs_chromium
@pytest.mark.parametrize("width", [1400, 768, 390])
def test_pages_of_real_runs_in_a_browser(past, tmp_path, width):
    results, summaries, _ = past
    pages = [results / summary["job_id"] / "report.html" for summary in summaries.values()] + [results / "index.html"]
    with open_tab(tmp_path) as tab:
        for page in pages:
            for scheme in ("light", "dark"):
                seen = tab.open(page, width, scheme)
                assert seen.complaints == []
                assert seen.requests == [page.as_uri()]
                assert audit(tab) == [], page
                assert not is_too_wide(tab), page


# What a reader sees of a promotion: the texts of these places of the page, in the order of the page.
PLACES = """(() => {
    const read = (place) => [...document.querySelectorAll(place)].map((part) => part.innerText.trim());
    const row = [...document.querySelectorAll(".decision ~ .scroll tr")].find((row) => row.innerText.startsWith("AUC"));
    return {
        pill: read(".top .pill"), headline: read("h1"), reason: read(".lead"), decision: read(".decision"),
        facts: read(".facts li"), auc: [...row.cells].slice(1).map((cell) => cell.innerText.trim())
    };
})()"""


@needs_chromium
@pytest.mark.parametrize("width", [1400, 390])
def test_a_promotion_in_a_browser(past, tmp_path, width):
    results, summaries, _ = past
    summary, record = summaries["promoted"], summaries["promoted"]["comparison"]
    with open_tab(tmp_path) as tab:
        tab.open(results / summary["job_id"] / "report.html", width)
        seen = tab.run(PLACES)
        tab.open(results / "index.html", width)
        models = tab.run("[...document.querySelectorAll('table')].map((table) => table.innerText).join('\\n')")
    assert f"model in production version {summary['champion_after']}" in seen.pop("facts")
    assert seen == {
        "pill": [name_outcome("promoted")],
        "headline": [write_headline(summary)],
        "reason": [summary["reason"]],
        "decision": [record["reason"]],
        "auc": [f"{record[who]['auc']:.3f}" for who in ("champion", "challenger", "challenger_training")],
    }
    assert f"version {summary['champion_after']}, " in models
    assert record["reason"] in models
