"""Single checks of a frame, each by the counts of it."""

from __future__ import annotations

import pandas as pd

from tasks.contract.contract import Contract
from tasks.core.arrays import Floats
from tasks.core.findings import Finding
from tasks.core.policy import QualityPolicy
from tasks.extract.extract import Extract
from tasks.quality import columns, rows
from tasks.quality.count import count_quality


def measure_columns(contract: Contract, extract: Extract, policy: QualityPolicy) -> list[Finding]:
    return columns.judge_columns(contract, count_quality(contract, extract), policy)


def check_repeats(contract: Contract, extract: Extract, policy: QualityPolicy) -> Finding:
    return rows.check_repeats(contract, count_quality(contract, extract), policy)


def check_conflicts(contract: Contract, frame: pd.DataFrame, labels: Floats, policy: QualityPolicy) -> Finding:
    counts = count_quality(contract, Extract(frame))
    assert len(labels) == counts.rows
    return rows.check_conflicts(contract, counts, policy)
