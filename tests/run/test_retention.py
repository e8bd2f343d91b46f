"""Reset and pruning: what goes, what stays, and that nobody is asked in vain."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import yaml
from sqlalchemy import text

from flows import reset
from tasks.contract.load import load_contract
from tasks.job.job import name_job
from tasks.schema.migrate import prepare_schema
from tests.support import ROOT
from tests.support.small_model import install, make_bundle

CONTRACT = load_contract("loan_applications")
TABLES = ("mljob", "finding", "run", "alert", "prediction", "self_check", "promotion", "model_version")


@pytest.fixture
def used(engine, tmp_path):
    """A database and folders after two runs, one of them long ago, with two champions; another contract's run, too."""
    prepare_schema(engine)
    bundle = make_bundle(CONTRACT)
    old = datetime.now(UTC) - timedelta(days=500)
    jobs = [name_job(old), name_job(datetime.now(UTC))]
    with engine.begin() as connection:
        first = install(connection, CONTRACT, tmp_path / "models", bundle)
        second = install(connection, CONTRACT, tmp_path / "models", bundle, (first, date(2024, 3, 1)))
        connection.execute(
            text(
                "insert into loanwatch.self_check (contract, version, job_id, record) "
                "values ('loan_applications', :version, 'x', '{}')"
            ),
            {"version": second},
        )
        connection.execute(text("create table loan_details (loan_id text)"))
        connection.execute(text("insert into loan_details values ('a')"))
        for job, version, at in ((jobs[0], first, old), (jobs[0], second, old), (jobs[1], second, datetime.now(UTC))):
            _fill(connection, job, version, at)
        connection.execute(
            text(
                "insert into loanwatch.mljob (contract, job_id, job_type, job_date, stage, status, created_at) "
                "values ('other', 'x', 'monitor', current_date, 'extract', 'started', :at)"
            ),
            {"at": old},
        )
    for name in (*jobs, "20200101T000000-abcdef", "notes"):
        (tmp_path / "results" / name).mkdir(parents=True)
    return jobs


def _fill(connection, job, version, at):
    row = {"job": job, "at": at, "version": version, "loan": f"{job}-{version}"}
    connection.execute(
        text(
            "insert into loanwatch.mljob (contract, job_id, job_type, job_date, stage, status, created_at) "
            "values ('loan_applications', :job, 'monitor', current_date, 'extract', 'started', :at)"
        ),
        row,
    )
    connection.execute(
        text(
            "insert into loanwatch.run (job_id, contract, window_start, window_end, outcome, reason, finished_at) "
            "values (:job, 'loan_applications', current_date, current_date, 'stable', '', :at) on conflict do nothing"
        ),
        row,
    )
    connection.execute(
        text(
            "insert into loanwatch.prediction (contract, loan_id, model_version, probability, decision, scored_at) "
            "values ('loan_applications', :loan, :version, 0.5, 'loan given', :at)"
        ),
        row,
    )


def count(engine):
    with engine.connect() as connection:
        return {
            table: connection.execute(
                text(f"select count(*) from loanwatch.{table} where contract = 'loan_applications'")
            ).scalar_one()
            for table in TABLES
        }


def list_folders(tmp_path, name):
    return sorted(folder.name for folder in (tmp_path / name).iterdir())


def test_a_reset_clears_the_contract_and_nothing_else(engine, used, tmp_path, capsys):
    assert reset.command(yes=True, results=str(tmp_path / "results")) == 0
    assert set(count(engine).values()) == {0}
    assert list_folders(tmp_path, "models") == []
    assert list_folders(tmp_path, "results") == ["20200101T000000-abcdef", "notes"]
    with engine.connect() as connection:
        assert connection.execute(text("select count(*) from loan_details")).scalar_one() == 1
        assert connection.execute(text("select count(*) from loanwatch.mljob")).scalar_one() == 1
        with pytest.raises(Exception, match="append-only"):
            connection.execute(
                text(
                    "insert into loanwatch.model_version (contract, job_id, kind, metrics, artifact, "
                    "sha256, reference_start, reference_end, training_windows, state) values "
                    "('c', 'j', 'k', '{}', 'a', repeat('0', 64), '2024-01-01', '2024-01-01', '[]', "
                    "'challenger'); insert into loanwatch.promotion (contract, job_id, recorded_at, "
                    "effective_from, to_version, why, evidence_sha256, previous_hash, row_hash) select "
                    "'c', 'j', now(), '2024-01-01', version, '', repeat('0', 64), repeat('0', 64), "
                    "repeat('0', 64) from loanwatch.model_version; "
                    "delete from loanwatch.promotion"
                )
            )
    assert "2 bundles" in capsys.readouterr().out


def test_an_answer_of_no_changes_nothing(engine, used, tmp_path, monkeypatch, capsys):
    before = count(engine)
    monkeypatch.setattr("builtins.input", lambda *_: "n")
    assert reset.command(results=str(tmp_path / "results")) == 0
    assert count(engine) == before
    assert "nothing was changed" in capsys.readouterr().out


@pytest.mark.usefixtures("prefect_server")
def test_pruning_keeps_what_is_young_and_what_may_be_asked_for(engine, used, tmp_path):
    assert reset.command(yes=True, older_than="400d", results=str(tmp_path / "results")) == 0
    # The champion's own predictions stay, however old; registry, self-checks, ledger and bundles always do.
    assert count(engine) == {
        "mljob": 1, "finding": 0, "run": 1, "alert": 0, "prediction": 2, "self_check": 1, "promotion": 2,
        "model_version": 2,
    }  # fmt: skip
    assert len(list_folders(tmp_path, "models")) == 2
    assert list_folders(tmp_path, "results") == sorted(["20200101T000000-abcdef", "notes", used[1]])


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
def test_the_deployments_run_deletes_only_what_is_old_and_done(engine, used, tmp_path, monkeypatch):
    """With the form as it stands in prefect.yaml, in the worker's folder."""
    deployments = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    (prune,) = [deployment for deployment in deployments if deployment["name"] == "prune"]
    with engine.begin() as connection:
        for state, days in (("pending", 500), ("delivered", 500), ("delivered", 1)):
            connection.execute(
                text(
                    "insert into loanwatch.alert (alert_id, contract, job_id, severity, title, body, payload, state, "
                    "created_at) values (:name, 'loan_applications', 'x', 'info', '', '', '{}', :state, "
                    "now() - make_interval(days => :days))"
                ),
                {"name": f"{state} {days}", "state": state, "days": days},
            )
    monkeypatch.chdir(tmp_path)
    cleared = reset.prune_old(**prune["parameters"])
    assert {table: gone for table, gone in cleared["rows"].items() if gone} == {
        "mljob": 2, "run": 1, "alert": 1, "prediction": 1,
    }  # fmt: skip
    assert cleared["run_folders"] == 1
    with engine.connect() as connection:
        left = connection.execute(text("select alert_id from loanwatch.alert order by 1")).scalars().all()
    assert left == ["delivered 1", "pending 500"]
    assert count(engine)["promotion"] == count(engine)["model_version"] == 2
    # Once more, as the schedule does: nothing is left to do.
    assert sum(reset.prune_old(**prune["parameters"])["rows"].values()) == 0


@pytest.mark.parametrize("age", ["400", "0d", "-1d", "a year", "1.5d"])
def test_an_age_that_is_none_is_told(age, capsys):
    assert reset.command(yes=True, older_than=age) == 2
    assert "400d" in capsys.readouterr().err
