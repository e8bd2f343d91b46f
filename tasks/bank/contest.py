"""Champion and challenger in the bank's terms: the swap set, and what the loans of each would bring."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from tasks.bank.numbers import CONFIDENCE
from tasks.bank.profit import ExpectedProfit, measure_profit
from tasks.bank.sides import Side
from tasks.bank.swap_set import choose_best, find_swap_set
from tasks.contract.contract import Contract
from tasks.core.arrays import Floats
from tasks.core.loan_rule import LoanRule


def compare_in_banks_terms(
    contract: Contract, labels: Floats, champion: Floats, challenger: Floats, threshold: float
) -> dict[str, Any]:
    """Both models on the same test rows, if both give as many loans.

    Parameters
    ----------
    contract : Contract
        Which label is good, and what loans are worth.
    labels : array of n
        NaN where the outcome is not known.
    champion, challenger : arrays of n
        Their scores.
    threshold : float
        The champion's cut-off.

    Returns
    -------
    dict
        Plain JSON values: `swap_set` and `profit`, each None where it cannot be said, and the sentence `basis`.
    """
    lending = LoanRule(threshold, contract.is_positive_good)
    swap = find_swap_set(labels, champion, challenger, lending, CONFIDENCE)
    return {
        "confidence": CONFIDENCE,
        "threshold": threshold,
        "basis": _describe_basis(contract, len(labels), swap.rows if swap else 0),
        "swap_set": None if swap is None else asdict(swap),
        "profit": _compare_profit(contract, Side(labels, champion), challenger, lending),
    }


def _compare_profit(contract: Contract, champion: Side, challenger: Floats, lending: LoanRule) -> dict[str, Any] | None:
    """The profit of both where each gives as many loans, on rows that both have scored."""
    if contract.profit is None:
        return None
    both = Side(champion.labels, champion.scores + challenger).usable
    labels, before = champion.labels[both], champion.scores[both]
    now = choose_best(lending.find_merit(challenger[both]), int(lending.is_given(before).sum()))
    # The chosen rows as scores of a rule that gives a loan to exactly these.
    chosen = LoanRule(0.5, contract.is_positive_good)
    made_up = now.astype(float) if contract.is_positive_good else 1 - now.astype(float)
    profits = (
        measure_profit(Side(labels, before), lending, contract.profit, CONFIDENCE),
        measure_profit(Side(labels, made_up), chosen, contract.profit, CONFIDENCE),
    )
    return {name: _as_record(found) for name, found in zip(("champion", "challenger"), profits, strict=True)}


def _as_record(profit: ExpectedProfit | None) -> dict[str, Any] | None:
    return None if profit is None else asdict(profit)


def _describe_basis(contract: Contract, rows: int, used: int) -> str:
    basis = f"Rests on {used:,} of {rows:,} test applications: those with both scores and a known outcome."
    if contract.decision is None:
        return basis
    return f"{basis} Loans that were refused have an outcome only where the table says so; nothing is assumed of them."
