"""Repeated customers: which columns tell that two applications are of one customer, where the contract names none?

Two applications of one customer repeat what belongs to the customer: the same income to the unit, and with it the same
age and home. Two applications that agree in a rounded income by chance do not agree in anything else. Neither do two
loans of one amount; but where an instalment follows from amount, rate and term, equal instalments share all three and
are of no one customer. So where one of the columns may follow from the others, two proofs are needed that share no
column: equal instalments share the rate, equal amounts do not; equal incomes share the age, and equal debts share it
too.

Where a customer repeats one number only, perhaps with a coarse column, no column is witness. Then the number itself
must be: it is repeated far more often than numbers next to it make likely, and nothing that is related to it agrees, of
which it may follow (`tasks/quality/repeated_numbers.py`).
"""

from __future__ import annotations

import pandas as pd

from tasks.contract.columns import Role
from tasks.contract.contract import Contract
from tasks.core.arrays import sample_rows
from tasks.quality.agreement import (
    MOST_APPLICATIONS,
    Agreements,
    Excess,
    Tie,
    find_ties,
)
from tasks.quality.coded_columns import LEAST_PAIRS, read_values
from tasks.quality.repeated_numbers import are_repeated

MOST_ROWS = 100_000
# Two columns that are fine together are tried among so many of the finest.
_MOST_COLUMNS = 10
# The rows that are equal must mostly be of one customer, to be told by it.
_LEAST_MOST = 0.5
# So few rows that are repeated hardly matter.
_LEAST_REPEATED = 0.02
# Where nearly all rows that are equal in a column are of one customer, a single other column is witness enough.
_NEARLY_ALL = 0.9


def find_repeated_customers(contract: Contract, applications: pd.DataFrame, seed: int = 0) -> tuple[str, ...]:
    """The columns that together name a customer; empty where the contract names it, or none comes back.

    Rows that are equal in a fine number, or in two columns that are fine together, are compared with rows that are
    nearly so (`tasks/quality/agreement.py`).
    """
    if contract.customer is not None or len(applications) < 2 * LEAST_PAIRS:
        return ()
    rows = applications.iloc[sample_rows(len(applications), MOST_ROWS, seed)]
    columns = [
        read_values(rows[column.name], list(column.special))
        for column in contract.columns
        if column.role in (Role.FEATURE, Role.PROTECTED) and column.name in rows
    ]
    agreements = Agreements(columns)
    ties = [tie for tie in find_ties(agreements, _MOST_COLUMNS) if _most_excess(tie) >= _LEAST_MOST]
    proven = [tie for tie in ties if _is_proof(tie) or any(_confirms(tie, other) for other in ties)]
    named = (names for tie in sorted(proven, key=_rank, reverse=True) for names in _list_names(tie))
    told_by = next((names for names in named if _tells_customers(rows, names)), ())
    return told_by or _find_repeated_number(rows, agreements)


def _find_repeated_number(rows: pd.DataFrame, agreements: Agreements) -> tuple[str, ...]:
    """The finest number that is repeated by itself; empty where there is none."""
    fine = [column for column in agreements.columns if column.is_number and column.is_fine]
    for column in sorted(fine, key=lambda column: column.collision):
        agreeing = agreements.of_number(column).excess
        if len(agreeing) > 1 or any(one.is_related for one in agreeing):
            continue
        is_repeated = are_repeated(rows[column.name].to_numpy(float), MOST_APPLICATIONS)
        if is_repeated and _tells_customers(rows, (column.name,)):
            return (column.name,)
    return ()


def _is_proof(tie: Tie) -> bool:
    """Whether rows that are equal in one number agree in others that cannot follow from it."""
    return len(tie.names) == 1 and not tie.related


def _confirms(tie: Tie, other: Tie) -> bool:
    """Whether another tie, without a column of this one, shares a third column; or each the other's columns."""
    if set(tie.names) & set(other.names):
        return False
    third = (set(tie.excess) & set(other.excess)) - {*tie.names, *other.names}
    return bool(third) or (set(other.names) <= set(tie.excess) and set(tie.names) <= set(other.excess))


def _most_excess(tie: Tie) -> float:
    return max(one.share for one in tie.excess.values())


def _rank(tie: Tie) -> tuple[bool, float]:
    """First the ties that mix hardly two customers, then by how many pairs of one customer they show."""
    most = _most_excess(tie)
    return most >= _NEARLY_ALL, most * tie.pairs


def _list_names(tie: Tie) -> list[tuple[str, ...]]:
    """The columns of a tie, with one witness where that is enough, and with all that agree as often.

    One is better: a row that lacks a value of any of them cannot be told.
    """
    most = _most_excess(tie)

    def rank(one: Excess) -> tuple[float, bool]:
        return one.missing, not one.is_fine

    witnesses = sorted((one for one in tie.excess.values() if one.share >= 0.9 * most), key=rank)
    names = (*tie.names, *(one.name for one in witnesses))
    one_witness = [names[: len(tie.names) + 1]] if most >= _NEARLY_ALL else []
    return [*one_witness, names]


def _tells_customers(rows: pd.DataFrame, names: tuple[str, ...]) -> bool:
    """Whether enough rows are repeated, and nearly all of these in groups that one customer may have."""
    known = rows[list(names)].dropna()
    sizes = known.groupby(list(names), observed=True).size().to_numpy()
    repeated = sizes[sizes > 1]
    few = repeated[repeated <= MOST_APPLICATIONS].sum()
    return bool(repeated.sum() >= _LEAST_REPEATED * len(rows) and few >= _NEARLY_ALL * repeated.sum())
