"""Refused applications: those that will never have an outcome, where only loans that were given have one.

Nothing is guessed for them (no reject inference): they count as applicants, and every figure of outcomes says on which
rows it rests.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from tasks.contract.contract import Contract
from tasks.core.arrays import Floats, Mask

# So few refused applications with an outcome are slips or loans that were given all the same.
LABELLED_SHARE = 0.01


def find_refused(
    contract: Contract, applications: pd.DataFrame, labels: Floats, *, is_given_only: bool | None = None
) -> Mask | None:
    """Which applications were refused and will have no outcome.

    Parameters
    ----------
    contract : Contract
        Its column with the role decision, if any, says what was decided.
    applications : DataFrame
        Its rows.
    labels : array of n
        1, 0, or NaN without an outcome.
    is_given_only : bool, optional
        Whether only loans that were given have an outcome, as the champion's reference shows. Without it the rows speak
        for themselves: of those refused at most one in a hundred has a label.

    Returns
    -------
    array of n or None
        None where refused applications have outcomes too. One with a label is never among them, and neither is one
        without a decision.
    """
    decision = contract.decision
    if decision is None or is_given_only is False or decision.name not in applications:
        return None
    decided = applications[decision.name]
    refused = (decided.notna() & (decided != decision.positive)).to_numpy(bool)
    if is_given_only is None:
        is_labelled = ~np.isnan(labels)
        if not refused.any() or not is_labelled.any() or is_labelled[refused].mean() > LABELLED_SHARE:
            return None
    return np.asarray(refused & np.isnan(labels))
