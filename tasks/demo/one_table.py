"""The demo's lender as one table, as most lenders' files are: its three source tables joined."""

from __future__ import annotations

import pandas as pd

from tasks.demo.generator import make_applications


def make_table(seed: int = 2024, months: int = 7, per_month: int = 2_000) -> pd.DataFrame:
    """The applications of the demo's first months, each once, with its customer's records: texts, or None."""
    tables = make_applications(seed=seed, months=months, per_month=per_month)
    table = tables["loan_details"].drop_duplicates("loan_id", keep="last")
    for name in ("customer_details", "credit_details"):
        table = table.merge(tables[name].drop_duplicates("customer_id"), on="customer_id", how="left")
    return table.astype(object).where(table.notna(), None).reset_index(drop=True)


def take_months(table: pd.DataFrame, *months: int) -> pd.DataFrame:
    """The applications of some months of 2024."""
    month = table["application_time"].str.slice(3, 5).astype(int)
    return table[month.isin(months)].reset_index(drop=True)
