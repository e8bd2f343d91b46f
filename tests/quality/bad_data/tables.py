"""The three source tables of one month, in memory, and the ways in which a case spoils them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tasks.demo.generator import make_applications

LOANS, CUSTOMERS, CREDITS = "loan_details", "customer_details", "credit_details"
ROWS = 500
_MONTHS = make_applications(months=2, per_month=ROWS)


def take_month(number: int) -> dict[str, pd.DataFrame]:
    """The tables of one of the first months of 2024, without repeats, conflicts and '#VALUE!': all is well."""
    is_month = _MONTHS[LOANS]["application_time"].str.contains(f"-0{number}-2024")
    loans = _MONTHS[LOANS][is_month].drop_duplicates("loan_id", keep="last")
    tables = {LOANS: loans}
    for name in (CUSTOMERS, CREDITS):
        of_month = _MONTHS[name][_MONTHS[name]["customer_id"].isin(loans["customer_id"])]
        tables[name] = of_month.drop_duplicates("customer_id")
    return {name: rows.reset_index(drop=True).astype(object).replace("#VALUE!", None) for name, rows in tables.items()}


@dataclass
class Tables:
    """The tables of a window; a case changes them in place."""

    frames: dict[str, pd.DataFrame]

    @classmethod
    def of_february(cls) -> Tables:
        """The window that the cases spoil."""
        return cls(take_month(2))

    @property
    def loans(self) -> pd.DataFrame:
        """The loans."""
        return self.frames[LOANS]

    def set(self, column: str, value: object, share: float = 1.0) -> None:
        """Put a value, or what a function makes of the values there, into the first share of the rows of its tables."""
        for frame in self.frames.values():
            if column in frame and column != "customer_id":
                rows = frame.index[: round(share * len(frame))]
                old = frame.loc[rows, column]
                frame.loc[rows, column] = value(old) if callable(value) else value

    def scale(self, column: str, factor: float, share: float = 1.0) -> None:
        """Another unit."""
        self.set(column, lambda old: (pd.to_numeric(_plain(old)) * factor).map("{:.2f}".format, "ignore"), share)

    def swap(self, one: str, other: str) -> None:
        """Two columns of one table in each other's place."""
        for frame in self.frames.values():
            if one in frame and other in frame:
                frame[[one, other]] = frame[[other, one]].to_numpy()

    def keep(self, rows: int) -> None:
        """Only the first loans."""
        self.frames[LOANS] = self.loans.iloc[:rows]

    def repeat(self, rows: int, times: int, change: Callable[[pd.DataFrame], pd.DataFrame] | None = None) -> None:
        """The first loans again and again."""
        again = pd.concat([self.loans.iloc[:rows]] * times, ignore_index=True)
        self.frames[LOANS] = pd.concat([self.loans, change(again) if change else again], ignore_index=True)

    def contradict(self, share: float) -> None:
        """A second, different record for the first customers."""
        customers = self.frames[CUSTOMERS]
        again = customers.iloc[: round(share * len(customers))].assign(no_of_cars="17")
        self.frames[CUSTOMERS] = pd.concat([customers, again], ignore_index=True)

    def leak(self, column: str, value: object, status: str, share: float = 0.5) -> None:
        """A column that changes with the decision: in a share of the loans of one status."""
        is_status = self.loans["loan_status"].str.lower().str.strip() == status
        chosen = self.loans[is_status].iloc[: round(share * is_status.sum())]
        for frame in self.frames.values():
            if column in frame:
                key = "loan_id" if "loan_id" in frame else "customer_id"
                frame.loc[frame[key].isin(chosen[key]), column] = value


def _plain(values: pd.Series) -> pd.Series:
    return values.str.replace(r"[$,\s]", "", regex=True)


def number(values: pd.Series) -> list[str]:
    """A text of its own for each row."""
    return [str(place) for place in np.arange(len(values))]
