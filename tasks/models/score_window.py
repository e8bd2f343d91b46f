"""Score: the champion's probability for each application."""

from __future__ import annotations

from tasks.core.scored_window import ScoredWindow
from tasks.extract.extract import Extract
from tasks.job.job import Job
from tasks.job.stage import stage
from tasks.models.preprocess import Prepared
from tasks.models.scoring import score_by_fold
from tasks.quality.ripeness import Ripeness
from tasks.registry.versions import Champion


@stage("score", lambda observed: f"{len(observed.scores):,} applications")
def score_window(
    job: Job, champion: Champion, extract: Extract, prepared: Prepared, ripeness: Ripeness
) -> ScoredWindow:
    """The window with its labels and, from one fold's model per row, the champion's scores."""
    scores = score_by_fold(champion.bundle.scorer, prepared.applications, prepared.keys)
    return ScoredWindow(extract.applications, prepared.labels, scores, prepared.keys, ripeness.note, prepared.days)
