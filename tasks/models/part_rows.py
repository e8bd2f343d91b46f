"""Part rows: what is kept of every row of a part, and of all parts together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tasks.contract.columns import Role
from tasks.contract.contract import Contract
from tasks.core.arrays import Codes, Floats, Integers, Keys
from tasks.core.memory import PARTS_TO_RELEASE, release_memory
from tasks.core.whole_rows import WholeRows, pack_codes
from tasks.models.customers import hash_keys
from tasks.models.preprocess import keep_columns, union_rows
from tasks.models.scoring import score_by_fold
from tasks.registry.versions import Champion


@dataclass(frozen=True, eq=False)
class PartRows:
    """Of every row of a part what `WholeRows` holds; `codes` and `scores` are None where there is no champion.

    `days` are counted from 1970 on, in half the memory.
    """

    categories: pd.DataFrame
    days: NDArray[np.int32]
    keys: Keys
    codes: Codes | None
    scores: Floats | None


def measure_rows(contract: Contract, applications: pd.DataFrame, champion: Champion | None) -> PartRows:
    """A part's rows as they are kept, coded and scored by the champion."""
    told_by = () if champion is None else champion.bundle.profile.told_by
    keys = hash_keys(contract, applications, told_by)
    codes, scores = None, None
    if champion is not None:
        profile = champion.bundle.profile
        codes = pack_codes(profile.encode(applications), [bins.levels for bins in profile.columns])
        scores = score_by_fold(champion.bundle.scorer, keep_columns(contract, applications), keys)
    names = [column.name for column in contract.columns if column.type == "category" or column.role is Role.SCORE]
    days = applications[contract.time.name].to_numpy("datetime64[D]").astype(np.int32)
    return PartRows(applications[names].copy(), days, keys, codes, scores)


def join_rows(rows: dict[int, PartRows], places: Integers, champion: Champion | None) -> WholeRows:
    """The rows of all parts, by their places in the window; `places` are the rows that are kept in full.

    The parts are released on the way, to keep one copy only: `rows` is empty afterwards.
    """
    parts = [rows.pop(place) for place in sorted(rows)]
    categories, days, keys, codes, scores = (
        [getattr(part, name) for part in parts] for name in ("categories", "days", "keys", "codes", "scores")
    )
    parts.clear()
    words = union_rows(categories)
    categories.clear()
    return WholeRows(
        words,
        _join(days).astype("datetime64[D]"),
        _join(keys),
        _join(codes) if champion else None,
        _join(scores) if champion else None,
        places,
        champion.model.sha256 if champion else "",
    )


def _join(parts: list[NDArray[Any]]) -> NDArray[Any]:
    """The arrays of all parts, column by column in memory; each part is released once it is copied."""
    kind = np.result_type(*(part.dtype for part in parts))
    whole = np.empty((sum(map(len, parts)), *parts[0].shape[1:]), kind, order="F")
    start = 0
    while parts:
        part = parts.pop(0)
        whole[start : start + len(part)] = part
        start += len(part)
        del part
        if len(parts) % PARTS_TO_RELEASE == 0:
            release_memory()
    return whole
