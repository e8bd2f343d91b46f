"""What is told of the lender's own scores, and of several versions of a model in one window."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from tasks.contract.load import load_contract
from tasks.core.findings import Verdict
from tasks.core.policy import QualityPolicy
from tasks.foreign.score_column import make_score_column
from tasks.foreign.score_quality import measure_score_quality
from tasks.foreign.versions import choose_version, count_versions, report_versions
from tasks.statistics.counted_auc import Auc
from tests.support.scored_loans import MODEL, SCORE, VERSION, write_contract

FINE = np.random.default_rng(3).random(2_000)
GOOD = Auc(0.8, 0.0001)


def measure(folder, scores, auc=GOOD, score=SCORE):
    """The noted checks of a window with these scores, each with its sentence."""
    contract = load_contract(write_contract(folder, score=score))
    frame = pd.DataFrame({"own_score": np.asarray(scores, float)})
    found = measure_score_quality(contract, make_score_column(contract), frame, auc, QualityPolicy())
    return {finding.check: finding.sentence for finding in found if finding.verdict is Verdict.WARN}


def test_good_scores_are_passed(tmp_path):
    assert measure(tmp_path, FINE) == {}


@pytest.mark.parametrize(("change", "check", "said"), [
    (lambda s: np.where(np.arange(len(s)) < 150, np.nan, s), "score_missing", "150 of 2,000 applications have no"),
    (lambda s: 600 + 100 * s, "score_scale", "If the scores are points, say so with `higher_is`"),
    (lambda s: np.where(s < 0.1, s - 1, s), "score_scale", "lie outside the scale (a probability, 0 to 1)"),
    (lambda s: np.round(20 * s) / 20, "score_rounded", "have 21 different values only"),
    (lambda s: np.full(len(s), 0.5), "score_tied", "All 2,000 scores are 0.5: they rank nobody"),
])  # fmt: skip
def test_every_fault_is_told(tmp_path, change, check, said):
    noted = measure(tmp_path, change(FINE))
    assert set(noted) == {check}
    assert said in noted[check]


def test_scores_the_wrong_way_round_are_told_in_the_terms_of_the_contract(tmp_path):
    inverted = Auc(0.3, 0.0004)
    assert "less often" in measure(tmp_path, FINE, inverted)["score_direction"]
    points = SCORE + 'higher_is = "worse"\n'
    assert '`higher_is = "worse"`' in measure(tmp_path, 600 + 100 * FINE, inverted, points)["score_direction"]
    assert measure(tmp_path, FINE, Auc(0.47, 0.0004)) == {}  # not clearly


def test_a_change_of_version_is_told_with_its_day_and_rows(tmp_path):
    contract = load_contract(write_contract(tmp_path, model=MODEL, more=VERSION))
    days = pd.date_range("2024-06-01", periods=30).repeat(10)
    version = np.where(np.arange(300) < 120, "1", "2").astype(object)
    scores = np.full(300, 0.4)
    scores[:20] = np.nan
    version[290:] = None
    frame = pd.DataFrame({"application_time": days, "own_score": scores, "scored_by": version})
    counts = count_versions(contract, frame)
    assert [(held.version, held.rows, held.first) for held in counts] == [
        ("2", 170, date(2024, 6, 13)), ("1", 100, date(2024, 6, 3)),
    ]  # fmt: skip
    assert (choose_version(counts, None), choose_version(counts, "1"), choose_version([], None)) == ("2", "1", None)
    (told,) = report_versions(contract, counts, "2")
    assert told.verdict is Verdict.WARN
    assert "Version 2 of Scorecard 2023 gave 170 of 270 scores (from 2024-06-13" in told.sentence
    assert "version 1 gave 100 (from 2024-06-03 to 2024-06-12)" in told.sentence
    assert report_versions(contract, counts[:1], "2")[0].verdict is Verdict.PASS
    assert "gave no score" in report_versions(contract, counts, "3")[0].sentence
