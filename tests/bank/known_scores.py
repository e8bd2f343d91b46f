"""Scores and labels by a formula, for which scorecardpy 0.1.9.7 was asked; anyone can rebuild them.

pip install scorecardpy==0.1.9.7
scorecardpy.perf_psi(score={"reference": DataFrame({"score": 1000 * SCORES_THEN}), "window": …SCORES_NOW},
                     x_limits=[0, 1000], x_tick_break=100, show_plot=False)
scorecardpy.perf_eva(Series(LABELS_NOW), Series(SCORES_NOW), plot_type=["ks", "roc"], show_plot=False)
"""

from __future__ import annotations

import numpy as np

ROWS = 2000
_place = np.arange(ROWS)
_noise = (_place * 104729 % 1000 + 0.5) / 1000
SCORES_THEN = ((_place * 7919) % ROWS + 0.5) / ROWS
SCORES_NOW = SCORES_THEN**1.3
LABELS_THEN = (_noise < SCORES_THEN * 0.8 + 0.1).astype(float)
LABELS_NOW = (_noise < SCORES_NOW * 0.8 + 0.1).astype(float)
