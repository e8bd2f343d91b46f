"""Public loan files that people try first, as synthetic look-alikes: each gets a sensible verdict at the first try."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from benchmarks.lenders.judge import Judgement, judge_window, train_champion
from tasks.contract.contract import Contract
from tasks.contract.words import fold
from tasks.core.findings import Question, Verdict
from tasks.core.windows import Window

pytestmark = pytest.mark.slow
REFERENCE, WINDOW = Window(date(2024, 1, 1), date(2024, 6, 30)), Window(date(2024, 7, 1), date(2024, 7, 31))
Columns = dict[str, Any]
Random = np.random.Generator


def words(random: Random, rows: int, count: int, name: str, exponent: float = 1.0) -> np.ndarray:
    """Words under a Zipf law."""
    weights = 1 / np.arange(1, count + 1) ** exponent
    return np.array([f"{name} {word}" for word in random.choice(count, rows, p=weights / weights.sum())], dtype=object)


def lose(random: Random, values: Any, share: float) -> pd.Series:
    """The values, a share of them missing."""
    return pd.Series(values).mask(random.random(len(values)) < share)


def approvals(random: Random, rows: int) -> tuple[Columns, np.ndarray]:
    """614 applications with a credit history that decides nearly everything."""
    history = lose(random, (random.random(rows) < 0.85).astype(float), 0.08)
    income = np.round(random.lognormal(8.3, 0.6, rows))
    columns = {
        "gender": lose(random, random.choice(["Male", "Female"], rows, p=[0.8, 0.2]), 0.02),
        "dependents": random.choice(["0", "1", "2", "3+"], rows, p=[0.58, 0.17, 0.17, 0.08]),
        "education": random.choice(["Graduate", "Not Graduate"], rows, p=[0.78, 0.22]),
        "income": income,
        "second_income": np.where(random.random(rows) < 0.45, 0.0, np.round(random.lognormal(7.3, 0.6, rows))),
        "amount": lose(random, np.round(income * 0.026 * random.lognormal(0, 0.3, rows)), 0.04),
        "term": lose(random, random.choice([360.0, 180.0, 480.0], rows, p=[0.87, 0.1, 0.03]), 0.02),
        "history": history,
        "area": random.choice(["Urban", "Semiurban", "Rural"], rows),
    }
    return columns, -1.7 + 3.2 * history.fillna(0.8).to_numpy() + 0.5 * (columns["area"] == "Semiurban")


def small_business(random: Random, rows: int) -> tuple[Columns, np.ndarray]:
    """Guaranteed loans with thousands of cities and banks."""
    term = random.choice([36.0, 60.0, 84.0, 120.0, 240.0, 300.0], rows, p=[0.1, 0.17, 0.45, 0.1, 0.1, 0.08])
    amount = np.round(random.lognormal(11, 1.2, rows), -2)
    columns = {
        "city": words(random, rows, 4_000, "city", 0.8),
        "state": words(random, rows, 51, "state"),
        "bank": words(random, rows, 1_500, "bank", 1.2),
        "industry": words(random, rows, 900, "industry", 0.7),
        "term": term,
        "employees": np.floor(random.lognormal(1.2, 1.1, rows)),
        "is_new": random.choice(["1.0", "2.0"], rows, p=[0.72, 0.28]),
        "amount": amount,
        "guaranteed": np.round(amount * random.choice([0.5, 0.75, 0.85], rows)),
        "urban": random.choice(["0", "1", "2"], rows, p=[0.3, 0.55, 0.15]),
    }
    return columns, 1.6 + 0.012 * (term - 110) - 0.2 * (columns["is_new"] == "2.0")


def instalments(random: Random, rows: int) -> tuple[Columns, np.ndarray]:
    """A public book of instalment loans: rounded amounts, a rate by grade, free employers; hardly predictable."""
    grade = random.choice(7, rows, p=[0.17, 0.29, 0.28, 0.15, 0.07, 0.03, 0.01])
    amount = np.round(random.lognormal(9.4, 0.65, rows) / 25) * 25
    rate = np.round(6 + 3.4 * grade + random.normal(0, 1, rows), 2)
    columns = {
        "amount": amount,
        "rate": rate,
        "instalment": np.round(amount * (1 + rate / 50) / 36, 2),
        "grade": np.array(list("ABCDEFG"), dtype=object)[grade],
        "employer": lose(random, words(random, rows, 5_000, "employer", 0.7), 0.06),
        "income": np.round(random.lognormal(11, 0.5, rows), -2),
        "zip": words(random, rows, 900, "zip", 0.4),
        "since_delinquency": lose(random, random.integers(0, 84, rows).astype(float), 0.51),
        "utilisation": np.clip(np.round(random.normal(55, 25, rows), 1), 0, 140),
        "purpose": words(random, rows, 14, "purpose", 1.6),
    }
    return columns, -1.9 + 0.32 * grade


def mortgages(random: Random, rows: int) -> tuple[Columns, np.ndarray]:
    """Mortgages with yes/no columns and a balance that is rounded to 5,000."""
    income, ratio = np.round(random.lognormal(4.5, 0.6, rows)), random.normal(0, 1, rows)
    columns: Columns = {f"flag_{place}": random.choice(["true", "false"], rows, p=[0.2, 0.8]) for place in range(8)}
    columns |= {
        "income": lose(random, income, 0.1),
        "amount": np.round(random.lognormal(12.3, 0.6, rows) / 5_000) * 5_000 + 5_000,
        "ratio": random.choice(["<20%", "20%-<30%", "30%-<36%", "36-49", "50%-60%", ">60%"], rows),
        "tract": words(random, rows, 2_000, "tract", 0.3),
    }
    return columns, 1.2 + 0.8 * (np.log(income) - 4.5) - 1.2 * (columns["flag_0"] == "true") + 0.0 * ratio


def cards(random: Random, rows: int) -> tuple[Columns, np.ndarray]:
    """Credit cards: six months of bills and payments that resemble each other."""
    limit = np.round(random.lognormal(11.7, 0.8, rows), -4) + 10_000
    late = random.choice([-2, -1, 0, 1, 2, 3], rows, p=[0.1, 0.2, 0.49, 0.11, 0.08, 0.02])
    use = random.beta(0.8, 1.5, rows)
    columns: Columns = {"limit": limit, "age": random.integers(21, 75, rows).astype(float)}
    for month in range(6):
        moved = late + random.choice([-1, 0, 0, 0, 1], rows)
        columns[f"pay_{month}"] = np.clip(late if month == 0 else moved, -2, 8).astype(float)
        columns[f"bill_{month}"] = np.round(limit * use * random.lognormal(0, 0.1, rows))
        columns[f"paid_{month}"] = np.where(random.random(rows) < 0.2, 0.0, np.round(random.lognormal(7.5, 1.3, rows)))
    columns["marriage"] = random.choice(["1", "2", "3", "0"], rows, p=[0.455, 0.53, 0.012, 0.003])
    return columns, -1.6 + 0.75 * late


def scorecard(random: Random, rows: int) -> tuple[Columns, np.ndarray]:
    """A thousand rows of coded categories."""
    columns: Columns = {f"code_{place}": words(random, rows, 4 + place % 6, f"A{place}", 0.8) for place in range(13)}
    months = random.choice([6.0, 12.0, 18.0, 24.0, 36.0, 48.0], rows, p=[0.1, 0.24, 0.16, 0.25, 0.15, 0.1])
    columns |= {"months": months, "amount": np.round(random.lognormal(7.8, 0.8, rows))}
    return columns, 1.6 - 0.035 * months + 1.1 * (columns["code_0"] == "A0 0") - 0.5 * (columns["code_1"] == "A1 1")


@dataclass(frozen=True)
class File:
    """A kind of file: how its rows are drawn, how many there are, and what its positive decision is called."""

    draw: Callable[[Random, int], tuple[Columns, np.ndarray]]
    rows: tuple[int, int]
    positive: str
    negative: str


FILES = {
    "approvals": File(approvals, (400, 214), "Y", "N"),
    "small business": File(small_business, (6_000, 1_500), "P I F", "CHGOFF"),
    "instalments": File(instalments, (6_000, 2_000), "Charged Off", "Fully Paid"),
    "mortgages": File(mortgages, (5_000, 1_500), "originated", "denied"),
    "cards": File(cards, (6_000, 2_000), "1", "0"),
    "scorecard": File(scorecard, (700, 300), "good", "bad"),
}


def draw(file: File, seed: int, rows: int, window: Window) -> pd.DataFrame:
    """Rows as the extraction returns them."""
    random = np.random.default_rng([seed, rows])
    columns, log_odds = file.draw(random, rows)
    frame = pd.DataFrame(columns)
    for name in frame:
        frame[name] = frame[name].astype(float if pd.api.types.is_numeric_dtype(frame[name]) else "category")
    decided = np.where(
        random.random(rows) < expit(log_odds), fold(file.positive), fold(file.negative)
    )  # as an extract has them
    days = np.datetime64(window.start) + random.integers(0, window.days, rows)
    return frame.assign(
        id=[f"{seed}-{row}" for row in range(rows)], asked=pd.to_datetime(days), status=pd.Categorical(decided)
    )


def describe(file: File) -> Contract:
    """The plainest contract that a newcomer would write."""
    frame = draw(file, 0, 50, WINDOW).drop(columns=["id", "asked", "status"])
    features = [
        {"name": name, "role": "feature", "type": "category" if frame[name].dtype == "category" else "number"}
        for name in frame
    ]
    allowed = [file.negative, file.positive]
    head = [
        {"name": "id", "role": "id", "type": "text"},
        {"name": "asked", "role": "time", "type": "time"},
        {"name": "status", "role": "target", "type": "category", "allowed": allowed, "positive": file.positive},
    ]
    return Contract.model_validate({"name": "file", "query": "file.sql", "column": [*head, *features]})


@pytest.fixture(scope="module", params=list(FILES))
def judged(request: pytest.FixtureRequest) -> tuple[str, Callable[..., Judgement]]:
    """A file with its champion, ready to judge windows: the name, and a function of a seed and a change."""
    file = FILES[request.param]
    contract = describe(file)
    champion = train_champion(contract, draw(file, 1, file.rows[0], REFERENCE), REFERENCE, WINDOW.end)

    def judge(seed: int, change: Callable[[pd.DataFrame], pd.DataFrame] = lambda frame: frame) -> Judgement:
        return judge_window(champion, change(draw(file, seed, file.rows[1], WINDOW)), WINDOW)

    return request.param, judge


def test_a_month_in_which_nothing_changed_is_quiet(judged: tuple[str, Callable[..., Judgement]]) -> None:
    name, judge = judged
    for seed in (2, 3):
        judgement = judge(seed)
        assert judgement.outcome in ("stable", "undecided"), [finding.sentence for finding in judgement.alarms]
        assert not judgement.suspected
        answered = {
            finding.question for finding in judgement.findings if finding.verdict is not Verdict.NOT_ENOUGH_DATA
        }
        assert {Question.QUALITY, Question.DATA, Question.LABEL} <= answered, name


def test_a_month_with_other_amounts_is_not(judged: tuple[str, Callable[..., Judgement]]) -> None:
    _, judge = judged

    def spoil(frame: pd.DataFrame) -> pd.DataFrame:
        name = "limit" if "limit" in frame else "amount"
        return frame.assign(**{name: frame[name] * 1.8})

    judgement = judge(4, spoil)
    assert Question.DATA in {finding.question for finding in judgement.alarms}
    assert {"limit", "amount"} & {finding.subject for finding in judgement.alarms}
