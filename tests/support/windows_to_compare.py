"""Small windows of invented applications, for the tests of the drift questions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tasks.contract.contract import Contract
from tasks.core.findings import Finding, Question
from tasks.core.scored_window import ScoredWindow
from tasks.extract.labels import read_labels
from tasks.profile.profile import Profile, fit_profile

NOT_STATED = 99_999_999.0
COLUMNS = [
    {"name": "loan", "role": "id", "type": "text"},
    {"name": "day", "role": "time", "type": "time"},
    {"name": "status", "role": "target", "type": "category", "allowed": ["no", "yes"], "positive": "yes"},
    {"name": "income", "role": "feature", "type": "number", "unit": "EUR"},
    {"name": "debt", "role": "feature", "type": "number", "unit": "EUR"},
    {"name": "amount", "role": "feature", "type": "number", "special": {str(NOT_STATED): "not stated"}},
    {"name": "cars", "role": "feature", "type": "number"},
    {"name": "purpose", "role": "feature", "type": "category"},
    {"name": "job", "role": "feature", "type": "category", "ordered": ["short", "medium", "long"]},
]
CONTRACT = Contract.model_validate({"name": "invented", "query": "loan_applications.sql", "column": COLUMNS})


def make_window(rows: int = 2_000, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Applications, and the scores of a model that is perfectly calibrated.

    10 % of the amounts are not stated, and 20 % of the debts missing.
    """
    random = np.random.default_rng(seed)
    income = random.lognormal(10, 0.4, rows).round(2)
    score = 1 / (1 + np.exp(-2 * (np.log(income) - 10) / 0.4))
    debt = (income * random.lognormal(-1, 0.2, rows)).round(2)
    frame = pd.DataFrame(
        {
            "loan": [f"{seed}-{row}" for row in range(rows)],
            "day": np.datetime64("2024-01-01"),
            "status": np.where(random.random(rows) < score, "yes", "no"),
            "income": income,
            "debt": np.where(random.random(rows) < 0.2, np.nan, debt),
            "amount": np.where(random.random(rows) < 0.1, NOT_STATED, random.integers(1_000, 40_000, rows)),
            "cars": random.poisson(1, rows).astype(float),
            "purpose": pd.Categorical(random.choice(["car", "home", "other"], rows, p=[0.5, 0.3, 0.2])),
            "job": pd.Categorical(random.choice(["short", "medium", "long"], rows)),
        }
    )
    return frame, score


def make_profile(rows: int = 2_000, seed: int = 0, **changed: Any) -> Profile:
    """The profile of a window, with some columns changed (None leaves one out)."""
    frame, scores = make_window(rows, seed)
    reference = change(frame, changed)
    return fit_profile(
        CONTRACT, ScoredWindow(reference, read_labels(CONTRACT, reference), scores), origin="holdout", seed=1
    )


def observe(rows: int = 2_000, seed: int = 1, **changed: Any) -> ScoredWindow:
    """A later window with its labels, with some columns changed (None leaves one out)."""
    frame, scores = make_window(rows, seed)
    frame = change(frame, changed)
    return ScoredWindow(frame, (frame["status"] == "yes").to_numpy(float), scores)


def change(frame: pd.DataFrame, changed: dict[str, Any]) -> pd.DataFrame:
    """Columns replaced by values or by a function of the frame; None leaves a column out."""
    given = {name: value(frame) if callable(value) else value for name, value in changed.items() if value is not None}
    return frame.assign(**given).drop(columns=[name for name, value in changed.items() if value is None])


def find(findings: list[Finding], check: str, subject: str = "") -> Finding:
    """The one finding of a check and subject."""
    (found,) = [one for one in findings if one.check == check and subject in (one.subject, *one.columns)]
    return found


def list_failed(findings: list[Finding]) -> set[tuple[Question, str, str]]:
    """What failed."""
    return {(one.question, one.check, one.subject) for one in findings if one.verdict == "fail"}
