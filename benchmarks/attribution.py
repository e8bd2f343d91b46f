"""Which method tells best how much of a change comes from applicants and how much from the rule?

    python -m benchmarks.attribution

The demo lender's applicants and rule are changed by hand, so that the true parts are known. Each method splits the
change of the positive rate and of the AUC between a reference and a window of 10,000 applications each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import numpy as np
from cyclopts import App, Parameter
from sklearn.ensemble import HistGradientBoostingClassifier

from benchmarks.command_line import run_command
from benchmarks.planted_shift import SHIFTS, Drawn, Shift, draw_shift, find_truth, fit_model
from tasks.bank.attribution import attribute_change
from tasks.core.arrays import Floats
from tasks.drift.reweighting import match_scores
from tasks.statistics.auc import expect_auc
from tasks.statistics.score_bins import count_score_bins

# A part is counted as told if its estimate is within a fifth of the truth; parts below this size are noise.
WITHIN, LEAST_PART = 0.2, 0.03
PARTS = ("rate, applicants", "rate, rule", "AUC, applicants", "AUC, rule")

app = App(
    name="python -m benchmarks.attribution", help=__doc__, help_format="plaintext", suppress_keyboard_interrupt=False
)


def split_by_regression(drawn: Drawn) -> Floats:
    """Ours: a logistic regression of the outcome on the score and all columns."""
    found = attribute_change(drawn.profile.columns, drawn.profile.counts, drawn.reference, drawn.window)
    if found is None:
        return np.full(4, np.nan)
    return np.array([found.rate.mix.value, found.rate.rule.value, found.auc.mix.value, found.auc.rule.value])


def split_by_score(drawn: Drawn) -> Floats:
    """Kitagawa's decomposition: the reference's rate at each score, on the window's scores."""
    matched = match_scores(count_score_bins(drawn.reference.labels, drawn.reference.scores), drawn.window.scores)
    chances = matched.curve.chances
    rate = float(matched.fresh @ chances / matched.fresh.sum() - matched.bins.shares @ chances)
    return _complete(drawn, rate, matched.now.value - matched.before.value)


def split_by_weights(drawn: Drawn) -> Floats:
    """The reference's rows, weighted by the odds of a classifier that tells the windows apart by all columns."""
    reference, window = drawn.reference, drawn.window
    codes = np.vstack([reference.codes, window.codes]).astype(float)
    is_window = np.repeat([0, 1], [len(reference.labels), len(window.labels)])
    half, odds = np.random.default_rng(1).integers(0, 2, len(codes)), np.zeros(len(codes))
    for part in (0, 1):
        model = HistGradientBoostingClassifier(max_iter=40, max_leaf_nodes=6, random_state=0)
        model.fit(codes[half != part], is_window[half != part])
        odds[half == part] = model.decision_function(codes[half == part])
    weights = np.exp(np.clip(odds[is_window == 0], -4, 4))
    labels, scores = reference.labels, reference.scores
    rate = float(weights @ labels / weights.sum() - labels.mean())
    return _complete(drawn, rate, expect_auc(labels, scores, weights) - expect_auc(labels, scores))


def _complete(drawn: Drawn, rate: float, auc: float) -> Floats:
    """The parts of the applicants, with the rest for the rule."""
    before, now = drawn.reference, drawn.window
    moved = float(now.labels.mean() - before.labels.mean())
    area = expect_auc(now.labels, now.scores) - expect_auc(before.labels, before.scores)
    return np.array([rate, moved - rate, auc, area - auc])


METHODS: dict[str, Callable[[Drawn], Floats]] = {
    "regression on score and columns": split_by_regression,
    "score only (Kitagawa)": split_by_score,
    "weights of a domain classifier": split_by_weights,
}


def measure_errors(shift: Shift, seeds: range, rows: int) -> tuple[Floats, dict[str, Floats]]:
    """The true parts, and each method's errors: seeds by parts."""
    score = fit_model(shift.hidden)
    truth = find_truth(shift, score).as_array()
    errors: dict[str, list[Floats]] = {name: [] for name in METHODS}
    for seed in seeds:
        drawn = draw_shift(shift, score, seed, rows)
        for name, split in METHODS.items():
            errors[name].append(split(drawn) - truth)
    return truth, {name: np.array(held) for name, held in errors.items()}


@app.default
def command(
    *, repeats: int = 10, rows: int = 10_000, first: Annotated[int, Parameter(help="The first seed.")] = 100
) -> None:
    """Print for each shift the true parts, and each method's bias and root mean square error."""
    told: dict[str, list[bool]] = {name: [] for name in METHODS}
    for shift in SHIFTS:
        truth, errors = measure_errors(shift, range(first, first + repeats), rows)
        print(f"\n{shift.name}\n{'':34}" + "".join(f"{part:>18}" for part in PARTS))
        print(f"  {'truth':32}" + "".join(f"{value:18.4f}" for value in truth))
        large = np.abs(truth) >= LEAST_PART
        for name, held in errors.items():
            bias, spread = held.mean(axis=0), np.sqrt((held**2).mean(axis=0))
            print(f"  {name:32}" + "".join(f"{b:+9.4f} ({s:.4f})" for b, s in zip(bias, spread, strict=True)))
            told[name] += (np.abs(held[:, large]) <= WITHIN * np.abs(truth[large])).ravel().tolist()
    print(f"\nwithin {WITHIN:.0%} of the truth, parts of {LEAST_PART:.0%} or more:")
    for name, held in told.items():
        print(f"  {name:32} {sum(held)} of {len(held)}")


if __name__ == "__main__":
    run_command(app)
