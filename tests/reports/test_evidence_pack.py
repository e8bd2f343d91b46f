"""The evidence pack and the command that repeats a run: their small parts, without a run."""

from __future__ import annotations

import json
import shlex
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from blocks.postgres.connect import Database
from flows import monitor
from flows.evidence import command
from tasks.contract.load import load_contract
from tasks.core.policy import MonitorPolicy, load_policy
from tasks.core.windows import Window
from tasks.job.job import Job
from tasks.reports.evidence_pack import EvidenceError, JobNameError, find_run, gather_evidence, write_pack
from tasks.reports.repeat_command import format_command, format_policy
from tasks.schema.migrate import prepare_schema
from tests.support.second_lender import CONTRACT

JOB_ID = "20240901T060000-3f9a1c"


def make_job(results: Path, **changes: object) -> Job:
    parts = {
        "job_id": JOB_ID,
        "job_type": "monitor",
        "contract": load_contract("loan_applications"),
        "database": Database("environment"),
        "window": Window(date(2024, 8, 1), date(2024, 8, 31)),
        "policy": MonitorPolicy(),
        "results": results / JOB_ID,
        "store": "models",
        "started_at": datetime(2024, 9, 1, 6, tzinfo=UTC),
    }
    return Job(**{**parts, **changes})


def test_the_plain_command_has_the_days_only():
    job = make_job(Path("results").absolute())
    assert format_command(job, None) == "python -m flows.monitor --start 2024-08-01 --end 2024-08-31"


@pytest.mark.parametrize(
    ("changes", "option"),
    [
        ({"contract": load_contract(CONTRACT)}, f"--contract {CONTRACT}"),
        ({"database": Database("block", "lender's db")}, "--database 'lender'\"'\"'s db'"),
        ({"champion": 3}, "--champion 3"),
        ({"may_promote": False}, "--no-promote"),
        ({"store": "s3://bank/models"}, "--models s3://bank/models"),
        ({"policy": MonitorPolicy.model_validate({"drift": {"seed": 1}})}, "--policy"),
    ],
)
def test_what_is_not_the_default_is_in_the_command(changes, option):
    assert option in format_command(make_job(Path("results").absolute(), **changes), None)


def test_the_command_of_a_backfilled_run_asks_for_the_same(tmp_path, monkeypatch):
    asked = {}
    monkeypatch.setattr(monitor, "run_flow", lambda flow, parameters, *show: (asked.update(parameters), (1, None))[1])
    told = format_command(make_job(tmp_path, champion=3, may_promote=False), None)
    assert monitor.app(shlex.split(told)[3:], result_action="return_value") == 1
    assert asked["champion"] == 3
    assert asked["may_promote"] is False
    assert (asked["start"], asked["end"]) == (date(2024, 8, 1), date(2024, 8, 31))
    monitor.app([], result_action="return_value")
    assert (asked["champion"], asked["may_promote"]) == (None, True)


def test_the_reference_of_a_first_champion_and_another_results_folder_are_in_the_command(tmp_path):
    told = format_command(make_job(tmp_path), Window(date(2024, 2, 1), date(2024, 7, 31)))
    assert "--reference-start 2024-02-01 --reference-end 2024-07-31" in told
    assert f"--results {tmp_path}" in told


def test_a_policy_comes_back_as_it_was(tmp_path):
    policy = MonitorPolicy.model_validate({"quality": {"stop_on_leak": True}, "decision": {"rule": "data_then_model"}})
    (tmp_path / "policy.toml").write_text(format_policy(policy), encoding="utf-8")
    assert load_policy(tmp_path / "policy.toml") == policy


@pytest.mark.parametrize("name", ["../../etc", "", ".", "20240901T060000-3f9a1c/../x", "20240901T060000-3F9A1C"])
def test_only_a_jobs_name_may_stand_in_a_path(tmp_path, name):
    with pytest.raises(JobNameError):
        find_run(tmp_path, name)


def test_an_unknown_run_is_told(tmp_path, capsys):
    with pytest.raises(EvidenceError):
        find_run(tmp_path, JOB_ID)
    assert command("../../etc", results=str(tmp_path)) == 2
    assert command(JOB_ID, results=str(tmp_path)) == 1


def test_a_run_without_a_champion_has_a_pack(engine, tmp_path):
    prepare_schema(engine)
    folder = tmp_path / JOB_ID
    folder.mkdir()
    summary = {
        "job_id": JOB_ID,
        "contract": {"name": "loan_applications"},
        "window": {"start": "2024-08-01", "end": "2024-08-31"},
        "outcome": "quality_failed",
        "reason": "Unfit.",
        "champion": None,
        "champion_after": None,
        "command": "python -m flows.monitor",
    }
    (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    (folder / "report.html").write_text("<p>report</p>", encoding="utf-8")
    with engine.connect() as connection:
        files = gather_evidence(connection, folder)
    path = tmp_path / "pack.zip"
    assert write_pack(path, JOB_ID, files) == path.stat().st_size
    with zipfile.ZipFile(path) as pack:
        names = {Path(name).name for name in pack.namelist()}
    assert names == {"summary.json", "report.html", "ledger.json", "repeat.sh", "README.txt", "SHA256SUMS"}


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(EvidenceError, match="cannot be written"):
        write_pack(tmp_path / "missing" / "pack.zip", JOB_ID, {"a": b"a"})
