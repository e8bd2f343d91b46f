"""A second lender: a contract of other column names, and requests to fill its table with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from sqlalchemy import Engine, text

CONTRACT = str(Path(__file__).parent / "card_requests.toml")


def make_requests(months: int = 7, per_month: int = 500, seed: int = 7) -> pd.DataFrame:
    """Requests of whole months from January 2023 on; the answer follows salary, limit and rating."""
    rng = np.random.default_rng(seed)
    rows = months * per_month
    days = pd.date_range("2023-01-01", periods=months, freq="MS").repeat(per_month)
    asked = days + pd.to_timedelta(rng.integers(0, 28 * 24 * 60, rows), unit="min")
    salary = np.round(rng.lognormal(10.6, 0.4, rows))
    limit = np.round(rng.lognormal(8.0, 0.5, rows))
    rating = rng.integers(0, 4, rows)
    chance = 1 / (1 + np.exp(-(2.0 * np.log(salary / 40_000) - 1.2 * np.log(limit / 3_000) + 0.9 * (rating - 1.2))))
    return pd.DataFrame(
        {
            "request_no": np.arange(rows) + 1,
            "asked_at": asked,
            "answer": np.where(rng.random(rows) < chance, "yes", "no"),
            "yearly_salary": np.where(rng.random(rows) < 0.05, -1, salary),
            "wanted_limit": limit,
            "months_as_client": rng.integers(0, 200, rows),
            "channel": rng.choice(["branch", "phone", "web"], rows, p=[0.2, 0.3, 0.5]),
            "rating": np.array(["d", "c", "b", "a"])[rating],
            "age_band": rng.choice(["under 30", "30 to 60", "over 60"], rows),
        }
    )


def fill_table(engine: Engine, requests: pd.DataFrame) -> None:
    """Make the lender's table with its own types, and fill it."""
    with engine.begin() as connection:
        connection.execute(
            text(
                "create table card_request (request_no bigint, asked_at timestamp, answer text, yearly_salary numeric, "
                "wanted_limit numeric, months_as_client integer, channel text, rating text, age_band text)"
            )
        )
        requests.to_sql("card_request", connection, if_exists="append", index=False, method="multi", chunksize=500)
