"""How far a change goes is one measure, whoever shows it."""

from __future__ import annotations

import pytest

from tasks.core.excess import count_limits, find_start, has_multiple, weigh_record
from tasks.core.findings import Finding, Question, Verdict
from tasks.drift.judgement import _weigh


@pytest.mark.parametrize(
    ("effect", "limit", "unit", "error", "multiple"),
    [
        (0.12, 0.06, "share of applicants", None, 2.0),
        (0.12, 0.06, "share of applicants", 0.03, 1.5),
        (0.60, 0.55, "AUC", None, 2.0),
        (0.04, 0.02, "AUC", 0.01, 1.5),
        (2000.0, 200.0, "rows", None, 0.0),
        (2.4, 2.0, "times", None, 0.0),
        (3.0, 2.0, "days", None, 0.0),
        (None, 0.06, "share of applicants", None, 0.0),
        (0.12, None, "share of applicants", None, 0.0),
        (0.12, 0.0, "share of applicants", None, 0.0),
    ],
)
def test_a_change_in_limits(
    effect: float | None, limit: float | None, unit: str, error: float | None, multiple: float
) -> None:
    assert count_limits(effect, limit, unit, error) == pytest.approx(multiple)
    assert has_multiple(effect, limit, unit) is (multiple != 0.0)


def test_the_report_and_the_order_of_the_checks_measure_alike() -> None:
    joint = Finding(
        Question.DATA, "joint_shape", Verdict.FAIL, "", effect=0.62, unit="AUC", limit=0.55, standard_error=0.01
    )
    expected = (0.62 - 0.01 - 0.5) / 0.05
    assert weigh_record(joint.as_record()) == pytest.approx(expected)
    assert -_weigh(joint)[1] == pytest.approx(expected)
    assert (find_start(0.55, "AUC"), find_start(0.02, "AUC"), find_start(0.06, "share of applicants")) == (0.5, 0, 0)
