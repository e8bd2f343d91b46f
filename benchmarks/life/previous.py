"""The previous system's policy: limits of 0.01 on deepchecks' values, without regard to chance.

It alarms where a column's drift score exceeds the limit, and retrains where the model has lost more than that share of
its AUC too. It knows no contest: of the latest model and the one of the reference and the window's first days, the one
with the higher AUC on the window's last days goes into production.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from sklearn.metrics import roc_auc_score

from benchmarks.life.calendar import Visit
from benchmarks.life.lives import Life
from benchmarks.life.policies import Look
from benchmarks.life.workshop import POLICY, Model, Workshop, observe
from benchmarks.peers import PREVIOUS, measure_columns, measure_loss
from benchmarks.procedures import ScoredPair
from tasks.core.arrays import Floats
from tasks.core.windows import Window
from tasks.models.train import split_rows


@dataclass(frozen=True)
class _Values:
    """The columns beyond the limit, and the share of the AUC that was lost."""

    columns: tuple[str, ...]
    loss: float


class Previous:
    """Data drift alarms; data and model drift together retrain."""

    name = "previous"

    def begin(self, life: Life, training: Window, workshop: Workshop) -> None:
        """The first model, of all training days."""
        self._life, self._workshop = life, workshop
        self._model = workshop.fit(life, [training])

    def look(self, visit: Visit) -> Look:
        """Measure the window, and retrain where both limits are exceeded."""
        if not visit.is_whole:
            return Look()
        values = self._workshop.recall(self.name, self._life, self._model, visit.window, _measure)
        if not values.columns or values.loss <= PREVIOUS.performance:
            return Look(bool(values.columns), note=", ".join(values.columns))
        return Look(True, self._retrain(visit.window), f"{', '.join(values.columns)}; AUC")

    def score(self, applications: pd.DataFrame) -> Floats:
        """By the model in production."""
        return self._model.score(applications)

    def _retrain(self, window: Window) -> bool:
        """Whether the new model is the better one on the last days, and so in production."""
        split = split_rows(self._life.prepare([window]), POLICY.train)
        days = Window(window.start, split.train.days.max().astype(object))
        challenger = self._workshop.fit(self._life, [*self._model.windows, days])
        new, old = (
            roc_auc_score(split.test.labels, model.score(split.test.applications))
            for model in (challenger, self._model)
        )
        if new > old:
            self._model = challenger
        return bool(new > old)


def _measure(life: Life, model: Model, window: Window) -> _Values:
    observed = observe(life, model, window)
    target = life.lender.contract.target
    words = pd.Series(model.rows.labels == 1).map({True: target.positive, False: life.lender.contract.negative})
    reference = model.rows.applications.assign(**{target.name: words.to_numpy()})
    scored = ScoredPair(
        life.lender.contract, reference, observed.applications, model.candidate.out_of_fold, observed.scores
    )
    above = sorted(
        ((value, name) for name, value in measure_columns(scored).items() if value > PREVIOUS.column), reverse=True
    )
    return _Values(tuple(name for _, name in above), measure_loss(scored))
