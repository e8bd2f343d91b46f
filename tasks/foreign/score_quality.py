"""Are the lender's own scores fit to be watched: there, on their scale, fine enough, and the right way round?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from tasks.contract.contract import Contract
from tasks.core.arrays import Floats
from tasks.core.findings import Finding, Question, Verdict
from tasks.core.policy import QualityPolicy
from tasks.core.wording import format_share
from tasks.foreign.model import ScoreColumn
from tasks.statistics.counted_auc import Auc

ERRORS = 2.0  # standard errors by which an AUC must lie below one half to be called the wrong way round
TIMES = 10  # with fewer rows for each value than this, few values say nothing of rounding


def measure_score_quality(
    contract: Contract, scorer: ScoreColumn, applications: pd.DataFrame, reference: Auc | None, policy: QualityPolicy
) -> list[Finding]:
    """Every check of the window's scores; `reference` is the AUC on the reference, None where it is not known.

    Scores of other versions are neither missing nor judged here.
    """
    raw = scorer.read(applications)
    is_other = ~np.isnan(raw) & ~scorer.is_watched(applications)
    raw = raw[~is_other]
    found = [_check_missing(scorer, raw), _check_scale(contract, scorer, raw)]
    found += _check_values(contract, scorer, raw[scorer.is_on_scale(raw)], policy)
    return found + _check_direction(contract, scorer, reference)


def _make(scorer: ScoreColumn, check: str, is_noted: bool, sentence: str, effect: float | None = None) -> Finding:
    return Finding(
        Question.QUALITY,
        check,
        Verdict.WARN if is_noted else Verdict.PASS,
        sentence,
        subject=scorer.column,
        effect=effect,
        unit="" if effect is None else "share of applications",
        columns=(scorer.column,),
    )


def _check_missing(scorer: ScoreColumn, raw: Floats) -> Finding:
    missing = int(np.isnan(raw).sum())
    if not missing:
        return _make(scorer, "score_missing", False, f"All {len(raw):,} applications have a score.", 0.0)
    sentence = (
        f"{missing:,} of {len(raw):,} applications have no score in {scorer.column}. They count as applicants and for "
        "the labels, and are left out wherever a score is needed. Find out why they were not scored."
    )
    return _make(scorer, "score_missing", True, sentence, missing / len(raw))


def _check_scale(contract: Contract, scorer: ScoreColumn, raw: Floats) -> Finding:
    known = ~np.isnan(raw)
    outside = int((known & ~scorer.is_on_scale(raw)).sum())
    lowest, highest = scorer.scale
    ends = " to ".join("any" if end is None else f"{end:g}" for end in (lowest, highest))
    what = "points" if contract.has_points else "a probability"
    if not outside:
        return _make(scorer, "score_scale", False, f"Every score lies on its scale ({what}, {ends}).", 0.0)
    sentence = f"{outside:,} of {int(known.sum()):,} scores lie outside the scale ({what}, {ends}) and count as none."
    if not contract.has_points:
        sentence += " If the scores are points, say so with `higher_is` in the contract."
    return _make(scorer, "score_scale", True, sentence, outside / max(int(known.sum()), 1))


def _check_values(contract: Contract, scorer: ScoreColumn, scores: Floats, policy: QualityPolicy) -> list[Finding]:
    """All scores the same, or so few different ones that they must have been rounded."""
    values = len(np.unique(scores))
    if values == 1 and len(scores) > 1:
        sentence = (
            f"All {len(scores):,} scores are {scores[0]:g}: they rank nobody, and concept and model drift cannot be "
            "judged by them. Check the column."
        )
        return [_make(scorer, "score_tied", True, sentence)]
    if not 1 < values < policy.minimum_score_values or len(scores) < TIMES * values:
        return []
    sentence = (
        f"The {len(scores):,} scores have {values} different values only: rounded ones, or grades. Applications "
        "with the same score count as tied, so that changes within one value cannot be seen; the AUC and the "
        "calibration are those of the rounded score. The full score, if there is one, would show more."
    )
    return [_make(scorer, "score_rounded", True, sentence)]


def _check_direction(contract: Contract, scorer: ScoreColumn, reference: Auc | None) -> list[Finding]:
    """Clearly worse than chance on the reference: the direction is stated, or recorded, the wrong way round."""
    if reference is None or reference.value + ERRORS * float(np.sqrt(reference.variance)) >= 0.5:
        return []
    positive = contract.positive_words
    if contract.has_points and contract.score is not None:
        advice = f'The contract says `higher_is = "{contract.score.higher_is}"`, and the outcomes say the opposite'
    else:
        advice = f"A higher score should mean {positive} more often, and here it means it less often"
    sentence = (
        f"The scores run the wrong way round: on the reference {format_share(1 - reference.value)} of the pairs of a "
        f"positive and a negative application are in the wrong order (AUC {reference.value:.3f}). {advice}. Correct "
        "the contract or the column, and start again with new reference days."
    )
    return [_make(scorer, "score_direction", True, sentence)]
