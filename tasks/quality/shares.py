"""What the quality checks share: how a share is judged, how rows are named, and how a word is shown."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import numpy as np
import pandas as pd

from tasks.contract.contract import Contract
from tasks.core.arrays import Mask
from tasks.core.findings import Finding, Question, Verdict
from tasks.extract.extract import EXAMPLES

_LONGEST = 40


def pass_check(check: str, sentence: str, columns: tuple[str, ...] = ()) -> Finding:
    """Nothing is wrong."""
    return Finding(Question.QUALITY, check, Verdict.PASS, sentence, columns=columns)


def judge_share(finding: Finding, share: float, limit: float) -> Finding:
    """A share above its limit makes the window unfit; any share warns."""
    verdict = Verdict.FAIL if share > limit else Verdict.WARN
    return replace(finding, verdict=verdict, effect=share, limit=limit)


def name_rows(contract: Contract, applications: pd.DataFrame, mask: Mask) -> tuple[str, ...]:
    """The ids of the first few rows of a mask."""
    ids = applications[contract.id.name].iloc[np.flatnonzero(mask)[:EXAMPLES]]
    return tuple(quote_value(word) for word in ids)


def quote_value(word: object) -> str:
    """A value of the data as part of a sentence: short, on one line, without signs that turn or hide other text."""
    text = "".join(sign if unicodedata.category(sign)[0] != "C" else "�" for sign in str(word))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def list_some(words: list[str] | tuple[str, ...], most: int = 3) -> str:
    """The first few of many names: `a, b, c and 4 more`."""
    named = ", ".join(words[:most])
    return f"{named} and {len(words) - most} more" if len(words) > most else named
