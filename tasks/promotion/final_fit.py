"""Final fit: a promoted challenger is fitted again in the same way on all days, those that judged it included."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from tasks.changes.regime import Regime
from tasks.core.policy import Recipe
from tasks.core.windows import Window, cut_windows
from tasks.evaluation.training_metrics import measure_training
from tasks.job.job import Job
from tasks.models.candidates import Training, refit
from tasks.models.cut_off import find_cut_off
from tasks.models.train import Candidate
from tasks.promotion.compare import Comparison
from tasks.promotion.install import Trained, choose_reference, settle_cut_off
from tasks.registry.versions import Champion


def refit_challenger(
    job: Job, champion: Champion, training: Training, comparison: Comparison, regime: Regime
) -> Trained:
    """The selected candidate, fitted in the same way on all days of the window as well, with its record."""
    policy = job.policy.train
    candidate, rows = refit(job.contract, training, policy)
    windows = list_training_windows(champion.model.training_windows, regime, job.window, training)
    reference = choose_reference(rows, (regime.since, regime.rule_since), policy.minimum_recent_rows)
    reference_rows = len(rows) if reference is None else int(rows.is_since(reference).sum())
    share = find_cut_off(job.contract, job.policy.cut_off, champion.bundle).given
    metrics = measure_training(job, training, share) | {
        "comparison": comparison.as_record(),
        "fitted_rows": len(rows),
        "judged_fitted_rows": len(training.fitted_on),
        "regime": record_regime(candidate, regime, reference, reference_rows),
    }
    first = np.datetime64(reference or windows[0].start, "D")
    undecided = int(np.sum(training.undecided >= first))
    return settle_cut_off(job, Trained(candidate, rows, windows, metrics, undecided, reference, training.others))


def list_training_windows(
    known: tuple[Window, ...], regime: Regime, window: Window, training: Training
) -> tuple[Window, ...]:
    """The days of a challenger's final fit: the champion's, later ones, and the window's up to the last test day."""
    last: date = max(part.days.max() for part in training.split.parts if len(part)).astype(object)
    windows = (*known, *regime.earlier, Window(window.start, last))
    return cut_windows(windows, regime.rule_since if training.chosen.recipe is Recipe.RECENT else None)


def record_regime(candidate: Candidate, regime: Regime, reference: date | None, rows: int) -> dict[str, Any]:
    """How a champion was fitted and since when its reference holds, for its metrics; `rows` are its reference's."""
    days = {"rule_since": regime.rule_since, "since": regime.since, "reference_since": reference}
    said = {name: None if day is None else day.isoformat() for name, day in days.items()}
    return {"recipe": str(candidate.recipe), **said, "reference_rows": rows}
