"""Performance: intervals hold the true figures as often as they say."""

import numpy as np

from tasks.evaluation.performance import measure_intervals


def test_intervals_hold_the_true_figures_as_often_as_they_say():
    truth = {"accuracy": 0.75, "precision": 0.75, "recall": 0.75, "f1": 0.75, "brier": 1 / 6, "auc": 5 / 6}
    rng, held = np.random.default_rng(8), dict.fromkeys(truth, 0)
    for _ in range(400):
        scores = rng.random(500)
        labels = (rng.random(500) < scores).astype(float)
        for name, (low, high) in measure_intervals(labels, scores, 0.5, 0.95).items():
            held[name] += low <= truth[name] <= high
    assert all(0.92 < count / 400 < 0.98 for count in held.values()), held
