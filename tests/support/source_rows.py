"""One application as the lender's tables hold it, and putting rows there."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Engine, text

from tasks.contract.load import load_contract
from tasks.core.windows import Window

CONTRACT = load_contract("loan_applications")
MAY = Window(date(2015, 5, 1), date(2015, 5, 31))
LOAN = {
    "loan_id": "l1",
    "customer_id": "c1",
    "loan_status": "Loan Given",
    "application_time": "16-05-2015 10:00",
    "current_loan_amount": "99999999",
    "term": " Short Term ",
    "tax_liens": "0",
    "purpose": "Buy a Car",
    "no_of_properties": "2",
}
CUSTOMER = {"customer_id": "c1", "home_ownership": "HaveMortgage", "annual_income": "50000", "no_of_cars": "1"}
CREDIT = {"customer_id": "c1", "credit_score": "740", "monthly_debt": "$1,234.50", "max_open_credit": "90000"}


def insert(engine: Engine, table: str, *rows: dict[str, Any]) -> None:
    """Add rows to a table of the lender."""
    with engine.begin() as connection:
        for row in rows:
            named = ", ".join(row)
            values = ", ".join(f":{name}" for name in row)
            connection.execute(text(f"insert into {table} ({named}) values ({values})"), row)
