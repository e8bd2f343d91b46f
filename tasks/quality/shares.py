"""Helpers of the quality checks: comparing a share with its limit, and naming rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from tasks.contract.contract import Contract
from tasks.core.arrays import Mask
from tasks.core.findings import Finding, Question, Verdict
from tasks.core.wording import shorten
from tasks.extract.extract import EXAMPLES


def pass_check(check: str, sentence: str, columns: tuple[str, ...] = ()) -> Finding:
    """A finding that reports no fault."""
    return Finding(Question.QUALITY, check, Verdict.PASS, sentence, columns=columns)


def judge_share(finding: Finding, share: float, limit: float) -> Finding:
    """A share above its limit makes the window unfit; any other share is a warning."""
    verdict = Verdict.FAIL if share > limit else Verdict.WARN
    return replace(finding, verdict=verdict, effect=share, limit=limit)


def name_rows(contract: Contract, applications: pd.DataFrame, mask: Mask) -> tuple[str, ...]:
    """The ids of the first few rows of a mask."""
    ids = applications[contract.id.name].iloc[np.flatnonzero(mask)[:EXAMPLES]]
    return tuple(shorten(value) for value in ids)


def warn_column(check: str, name: str, sentence: str, unit: str, effect: float | None = None) -> Finding:
    """A warning about one column."""
    return Finding(
        Question.QUALITY, check, Verdict.WARN, sentence, subject=name, effect=effect, unit=unit, columns=(name,)
    )
