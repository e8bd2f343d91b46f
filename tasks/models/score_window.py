"""Score: the champion's probability for each application."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tasks.core.scored_window import ScoredWindow
from tasks.core.whole_rows import Sample
from tasks.extract.extract import Extract
from tasks.job.job import Job
from tasks.job.stage import stage
from tasks.models.preprocess import Prepared
from tasks.models.scoring import score_by_fold
from tasks.quality.ripeness import Ripeness
from tasks.registry.versions import Champion


@stage("score", lambda observed: f"{np.sum(~np.isnan(observed.scores)):,} applications")
def score_window(
    job: Job, champion: Champion, extract: Extract, prepared: Prepared, ripeness: Ripeness
) -> ScoredWindow:
    """The window with its labels and the champion's scores."""
    return observe_window(champion, extract, prepared, ripeness)


def observe_window(champion: Champion, extract: Extract, prepared: Prepared, ripeness: Ripeness) -> ScoredWindow:
    """The window with its labels and, from one fold's model per row, the champion's scores.

    Scores that cannot be held against the champion's reference are left out, and the note says why.
    """
    note, whole = f"{champion.silence} {ripeness.note}".strip(), extract.whole
    if whole is None or whole.scores is None:
        scores = score_by_fold(champion.bundle.scorer, prepared.applications, prepared.keys)
    else:
        scores = whole.scores
    if champion.silence:
        scores = np.full(len(scores), np.nan)
    observed = ScoredWindow(
        extract.every_row, prepared.labels, scores, prepared.keys, note, prepared.days, prepared.refused
    )
    if whole is None:
        return observed
    return replace(observed, codes=whole.codes, kept=Sample(extract.applications, whole.places))
