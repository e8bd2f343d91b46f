"""Quality checks that count and hash against plain implementations that compare row by row: the same answers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.contract.contract import Contract
from tasks.core.policy import QualityPolicy
from tasks.extract.extract import Extract
from tasks.extract.labels import read_labels
from tasks.quality.leakage import measure_column_auc
from tests.quality.by_frame import check_conflicts, check_repeats
from tests.support.quality_frames import CONTRACT

NUMBERS = st.sampled_from([None, 0.0, -0.0, 1.0, 2.5])
ROW = st.tuples(
    st.sampled_from(["c1", "c2", None]), st.sampled_from([1, 2]), st.sampled_from(["no", "yes", None]),
    NUMBERS, NUMBERS, NUMBERS, st.sampled_from(["rent", "own", None]), st.sampled_from(["car", "other", None]),
)  # fmt: skip
FEATURES = [column.name for column in CONTRACT.features]
# Two halves in which the shares of a value are equal, and their last bits are not.
TIED = [None, 0.0, None, 0.0, None, 0.0, 0.0, 0.0, None, 0.0, 0.0, 0.0]


def make_frame(rows: list[tuple]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=[column.name for column in CONTRACT.columns if column is not CONTRACT.id])
    frame.insert(0, "loan", [f"l{number}" for number in range(len(rows))])
    frame["asked"] = pd.Timestamp("2024-05-01") + pd.to_timedelta(frame["asked"], unit="D")
    types = {"number": float, "category": "category", "text": object}
    return frame.astype({column.name: types[column.type] for column in CONTRACT.columns if column.type in types})


def spell(row: pd.Series) -> tuple:
    """A row's values, of which missing ones are equal, as are the two zeros."""
    return tuple(None if pd.isna(value) else value for value in row)


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(st.lists(ROW, min_size=1, max_size=40))
def test_copies_and_conflicts(rows: list[tuple]):
    frame, policy = make_frame(rows), QualityPolicy()
    names = [column.name for column in CONTRACT.columns if column is not CONTRACT.id]
    spelt = [spell(row) for _, row in frame[names].iterrows()]
    copies = [spelt[place] in spelt[:place] for place in range(len(spelt))]
    found = check_repeats(CONTRACT, Extract(frame), policy)
    assert (found.effect or 0) == pytest.approx(np.mean(copies))
    assert found.rows == tuple(frame["loan"][copies][:5])

    decided: dict[tuple, set] = {}
    features = [spell(row) for _, row in frame[FEATURES].iterrows()]
    judged = [sum(value is not None for value in each) * 2 > len(FEATURES) for each in features]
    for each, answer, is_judged in zip(features, frame["answer"], judged, strict=True):
        if is_judged and not pd.isna(answer):
            decided.setdefault(each, set()).add(answer)
    conflicts = [
        is_judged and not pd.isna(answer) and len(decided[each]) > 1
        for each, answer, is_judged in zip(features, frame["answer"], judged, strict=True)
    ]
    labels = read_labels(CONTRACT, frame)
    assert check_conflicts(CONTRACT, frame, labels, policy).effect == pytest.approx(np.mean(conflicts))


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(st.lists(ROW, min_size=4, max_size=60), st.sampled_from(FEATURES))
@example([("c1", 1, "no", None, None, debt, "rent", "car") for debt in TIED], "debt")
def test_a_columns_auc(rows: list[tuple], name: str):
    answers = ["no", "no", "yes", "yes", *(row[2] or "no" for row in rows[4:])]
    frame = make_frame([(*row[:2], answer, *row[3:]) for row, answer in zip(rows, answers, strict=True)])
    labels = read_labels(CONTRACT, frame)
    measured = measure_column_auc(CONTRACT.column(name), frame[name], labels)
    assert measured.value == pytest.approx(rank_slowly(CONTRACT, frame, name, labels))


def rank_slowly(contract: Contract, frame: pd.DataFrame, name: str, labels: np.ndarray) -> float:
    """Score each row by the other half's rows of a like value, then compare every pair of labels."""
    values = frame[name]
    if contract.column(name).type == "number":
        edges = np.unique(values.quantile(np.linspace(0, 1, 21)).dropna())
        values = pd.Series([None if pd.isna(value) else int((edges <= value).sum()) for value in values])
    likes = [None if pd.isna(value) else value for value in values]
    scores = []
    for place, like in enumerate(likes):
        others = [other for other in range(len(likes)) if other % 2 != place % 2]
        alike = [labels[other] for other in others if likes[other] == like]
        scores.append((sum(alike) + np.mean(labels[others])) / (len(alike) + 1))
    ranked = np.array(scores)
    apart = ranked[labels == 1][:, None] - ranked[labels == 0]
    # Shares that are equal but for the last bit are a tie.
    return float(np.mean(np.where(np.abs(apart) < 1e-12, 0.5, apart > 0)))
