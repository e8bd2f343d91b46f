"""The demo's loans with a column of scores: a contract that has one, and the table that holds them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from sqlalchemy import Engine, text

from tasks.contract.contract import SHIPPED
from tasks.contract.load import load_contract
from tasks.core.arrays import Floats
from tasks.core.windows import Window
from tasks.extract.cleaning import clean_numbers
from tasks.extract.extract import extract_window
from tasks.extract.labels import read_labels
from tasks.models.out_of_fold import score_out_of_fold
from tasks.models.preprocess import prepare
from tasks.models.ripening import ripen
from tasks.models.scoring import score_by_fold
from tasks.registry.versions import Champion, load_model, read_version

YEAR = Window(date(2024, 1, 1), date(2024, 12, 31))
SCORE = '[[column]]\nname = "own_score"\nrole = "score"\ntype = "number"\n'
VERSION = '[[column]]\nname = "scored_by"\nrole = "model_version"\ntype = "category"\n'
DECISION = (
    '[[column]]\nname = "decided"\nrole = "decision"\ntype = "category"\nallowed = ["refused", "given"]\n'
    'positive = "given"\n'
)
MODEL = '[model]\nname = "Scorecard 2023"\nowner = "Risk department"\n'


def write_contract(folder: Path, *, score: str = SCORE, model: str = MODEL, more: str = "") -> str:
    """The demo's contract with a score, and its query that joins `loan_score`; returns the TOML file's path."""
    written = (SHIPPED / "loan_applications.toml").read_text(encoding="utf-8")
    first, rest = written.split("[parts]", 1)
    _, columns = rest.split("[[source]]", 1)
    first = first.replace('name = "loan_applications"', 'name = "scored_loans"').replace(
        'query = "loan_applications.sql"', 'query = "scored_loans.sql"'
    )
    file = folder / "scored_loans.toml"
    file.write_text("\n".join([first, model, "[[source]]" + columns, score, more]), encoding="utf-8")
    query = (SHIPPED / "loan_applications.sql").read_text(encoding="utf-8")
    names = [name for name in ("own_score", "scored_by", "decided") if f'"{name}"' in score + more]
    selected = "".join(f"    scored.{name},\n" for name in names)
    query = query.replace("    coalesce(others.repeats, 0)", selected + "    coalesce(others.repeats, 0)")
    query = query.replace(
        "from ranked as loan\n",
        "from ranked as loan\nleft join loan_score as scored on scored.loan_id = loan.loan_id "
        "and scored.scored_on = loan.applied_at::date\n",
    )
    (folder / "scored_loans.sql").write_text(query, encoding="utf-8")
    return str(file)


def fill_scores(engine: Engine, scores: pd.DataFrame) -> None:
    """Make the table of scores: loan_id, own_score, scored_on (the application's day), and what else there is.

    A loan may have several versions, each of another day.
    """
    frame = scores.assign(**{name: None for name in ("scored_by", "decided") if name not in scores})
    with engine.begin() as connection:
        connection.execute(text("drop table if exists loan_score"))
        connection.execute(
            text(
                "create table loan_score (loan_id text, scored_on date, own_score double precision, scored_by text, "
                "decided text)"
            )
        )
        frame.to_sql("loan_score", connection, if_exists="append", index=False, method="multi", chunksize=2_000)
        connection.execute(text("create index on loan_score (loan_id)"))


def read_loans(engine: Engine, days: Window = YEAR, contract: str = "loan_applications") -> pd.DataFrame:
    """The loans of some days as the pipeline reads them."""
    return extract_window(engine, load_contract(contract), days).applications


def score_as_champion(engine: Engine, version: int, days: Window = YEAR) -> pd.DataFrame:
    """The scores that the drift questions see of a champion of `loan_applications`.

    They are out of fold where it was fitted, and by one fold elsewhere.
    """
    contract = load_contract("loan_applications")
    with engine.connect() as connection:
        model = read_version(connection, contract.name, version)
        champion = Champion(model, load_model(model))
    parts = []
    for window, is_reference in _part(days, champion.model.reference):
        loans = extract_window(engine, contract, window).applications
        rows = prepare(contract, loans, champion.bundle.profile.told_by)
        scorer = champion.bundle.scorer
        if is_reference:
            rows, _ = ripen(engine, contract, window, rows)
        scores = (
            score_out_of_fold(scorer, rows.applications, rows.labels, rows.keys)
            if is_reference
            else score_by_fold(scorer, rows.applications, rows.keys)
        )
        parts.append(name_scores(loans, scores))
    return pd.concat(parts, ignore_index=True)


def name_scores(loans: pd.DataFrame, scores: Floats, **more: object) -> pd.DataFrame:
    """A table of scores of these loans, with further columns."""
    frame = {"loan_id": loans["loan_id"], "scored_on": loans["application_time"].dt.date, "own_score": scores, **more}
    return pd.DataFrame(frame).drop_duplicates(["loan_id", "scored_on"])


def _part(days: Window, reference: Window) -> list[tuple[Window, bool]]:
    after = date.fromordinal(reference.end.toordinal() + 1)
    return [(reference, True), (Window(after, days.end), False)]


def score_crudely(loans: pd.DataFrame, fitted_on: pd.Series) -> Floats:
    """An uncalibrated model of another house: a logistic regression on three columns, its odds doubled."""
    from sklearn.linear_model import LogisticRegression

    contract = load_contract("loan_applications")
    labels = read_labels(contract, loans)
    columns = np.column_stack(
        [
            np.log1p(clean_numbers(loans["annual_income"], []).fillna(60_000.0)),
            clean_numbers(loans["credit_score"], []).clip(300, 850).fillna(700.0) / 100,
            (loans["term"] == "long term").to_numpy(float),
        ]
    )
    columns = (columns - columns.mean(axis=0)) / columns.std(axis=0)
    rows = fitted_on.to_numpy(bool) & ~np.isnan(labels)
    fitted = LogisticRegression().fit(columns[rows], labels[rows])
    return np.asarray(1 / (1 + np.exp(-2.0 * fitted.decision_function(columns))))
