"""The matrix of many applications is the fitted steps' own, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from deployments.api.rows import make_frame
from tasks.core.policy import Kind
from tasks.models import large_matrix
from tasks.models.fitted_steps import UnknownStepError
from tasks.models.large_matrix import LEAST_ROWS, make_matrix
from tests.models.test_direct_scoring import draw_values, fit
from tests.support.replace import replace_object

ROWS = LEAST_ROWS + 7


def make_rows(contract, as_categories):
    """Odd numbers, missing values, and words that no encoder knows."""
    frame = make_frame(contract, draw_values(contract, np.random.default_rng(5), ROWS))
    words = {column.name: "category" for column in contract.features if column.type == "category"}
    return frame.astype(words) if as_categories else frame


@pytest.mark.parametrize("as_categories", [True, False])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("shipped", {}),
        ("other", {"kind": Kind.RANDOM_FOREST}),
        pytest.param("second", {}, marks=pytest.mark.slow),
        pytest.param("other", {"scaling": "min_max"}, marks=pytest.mark.slow),
        pytest.param("other", {"scaling": "none", "is_marked": True}, marks=pytest.mark.slow),
    ],
)
def test_the_same_matrix_as_the_steps_make(name, options, as_categories):
    contract, pipeline, _ = fit(name, **options)
    rows, steps = make_rows(contract, as_categories), pipeline[:-1]
    expected = np.asarray(steps.transform(rows))
    made = make_matrix(steps, rows)
    assert made.dtype == expected.dtype
    assert np.array_equal(made, expected, equal_nan=True)
    assert np.array_equal(make_matrix(steps, rows.head(9)), expected[:9], equal_nan=True)


def test_steps_that_are_not_known_are_asked_themselves(monkeypatch):
    contract, pipeline, _ = fit("shipped")
    rows, steps = make_rows(contract, True), pipeline[:-1]

    def refuse(steps):
        raise UnknownStepError("another encoder")

    large_matrix._WORDS.clear()
    replace_object(large_matrix.read_words, refuse, set_attribute=monkeypatch.setattr)
    assert np.array_equal(make_matrix(steps, rows), np.asarray(steps.transform(rows)), equal_nan=True)
    large_matrix._WORDS.clear()
