"""A lender whose positive label is a default: no page, message, artifact or card of a run calls it an approval."""

from __future__ import annotations

import io
import re
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy import text

from blocks.postgres.connect import Patience, make_engine
from flows.cli.console import show_verdict
from tasks.core.policy import MonitorPolicy, TrainPolicy
from tasks.prefect_ui.tables import tabulate_findings
from tasks.prefect_ui.verdict_artifact import render_verdict
from tests.support.flow import month, run_monitor
from tests.support.second_lender import CONTRACT, fill_table, make_requests

QUICK = MonitorPolicy(train=TrainPolicy(forest_trees=20, boosting_rounds=40, folds=2))
WORDS = {"yes": "default", "no": "repaid"}

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("prefect_server")]


def write_contract(folder: Path) -> str:
    """The second lender's contract with other labels."""
    described = Path(CONTRACT).read_text(encoding="utf-8")
    described = described.replace('["no", "yes"]', '["repaid", "default"]').replace('"yes"', '"default"')
    folder.mkdir()
    (folder / "card_requests.sql").write_text(Path(CONTRACT).with_suffix(".sql").read_text(encoding="utf-8"))
    (folder / "defaults.toml").write_text(described, encoding="utf-8")
    return str(folder / "defaults.toml")


def read_words(page: Path) -> str:
    """A page without its scripts: plotly's own are not words."""
    return re.sub(r"<script.*?</script>", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)


def test_no_word_of_a_run_calls_a_default_an_approval(database, tmp_path):
    requests = make_requests()
    answers = requests["answer"].map(WORDS)
    in_july = requests["asked_at"] >= "2023-07-01"
    requests["answer"] = answers.mask(in_july & (requests.index % 4 == 0), "default")
    requests.loc[in_july, "wanted_limit"] *= 2
    engine = make_engine(database, Patience())
    fill_table(engine, requests)
    reference = {"reference_start": date(2023, 1, 1), "reference_end": date(2023, 6, 30)}
    contract = write_contract(tmp_path / "contract")
    _, summary = run_monitor(
        tmp_path, draws_deepchecks=True, **month(2023, 7), **reference, contract=contract, policy=QUICK
    )
    assert {summary["verdicts"][name] for name in ("data", "label", "concept")} == {"fail"}

    pages = {file.name: read_words(file) for file in (tmp_path / "results").rglob("*.html")}
    assert {"report.html", "index.html", "data_drift.html", "model_drift.html"} <= set(pages)
    assert "Has the share of &#34;default&#34; changed?" in pages["report.html"]
    screen = io.StringIO()
    show_verdict(Console(file=screen, width=300), summary)
    with engine.connect() as connection:
        (alert,) = connection.execute(text("select title, body, payload::text from loanwatch.alert")).all()
    (card,) = (tmp_path / "models").rglob("card.md")
    said = {
        **pages,
        "terminal": screen.getvalue(),
        "alert": " ".join(alert),
        "verdict artifact": render_verdict(summary, None),
        "findings artifact": str(tabulate_findings(summary)),
        "card": card.read_text(encoding="utf-8"),
        "sentences": " ".join(finding["sentence"] for finding in summary["findings"]),
    }
    for place in ("terminal", "alert", "verdict artifact", "findings artifact", "card"):
        assert "default" in said[place], place
    # The name of a limit: the share of the applications that a model would give a loan, whatever the target is.
    said["report.html"] = said["report.html"].replace('<th scope="row">approval rate</th>', "")
    found = {place: re.findall(r".{0,40}approv.{0,40}", words, re.IGNORECASE) for place, words in said.items()}
    assert {place: words for place, words in found.items() if words} == {}
    engine.dispose()
