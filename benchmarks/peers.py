"""Peers: what the previous system and deepchecks' own defaults would have said about a pair.

Both are rules over the values of the same five deepchecks checks, so these run once for a pair:

- data: the drift score of a column (FeatureDrift), or of the columns together (MultivariateDrift)
- label: the drift score of the label (LabelDrift)
- concept: the change of a column's predictive power (FeatureLabelCorrelationChange), the nearest that deepchecks has
- model: the relative loss of AUC (TrainTestPerformance)

A procedure from elsewhere is one more function from a scored pair to its answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.procedures import Raised, ScoredPair
from tasks.core.findings import Question
from tasks.reports.deepchecks.checks import load_deepchecks


@dataclass(frozen=True)
class Limits:
    """What a value must exceed to raise an alarm, as the conditions of deepchecks' checks compare it."""

    column: float
    joint: float
    label: float
    correlation: float
    performance: float


PREVIOUS = Limits(0.01, 0.01, 0.01, 0.01, 0.01)
# The default arguments of deepchecks 0.19.1's `add_condition_...` methods.
DEFAULTS = Limits(column=0.2, joint=0.25, label=0.15, correlation=0.2, performance=0.1)


@dataclass(frozen=True)
class Values:
    """The numbers that deepchecks' checks found; the mappings are by column."""

    column: Mapping[str, float]
    joint: float
    joint_columns: Mapping[str, float]
    label: float
    correlation: Mapping[str, float]
    performance: float


def ask_deepchecks(scored: ScoredPair) -> dict[str, Raised]:
    """The previous system's limits and deepchecks' defaults, on one run of the checks."""
    values = measure_values(scored)
    return {"previous": apply_limits(values, PREVIOUS), "deepchecks": apply_limits(values, DEFAULTS)}


def apply_limits(values: Values, limits: Limits) -> Raised:
    """The questions whose values exceed their limits, with the columns that do, the worst first."""
    raised: Raised = {}
    columns = _name_above(values.column, limits.column)
    if columns or values.joint > limits.joint:
        raised[Question.DATA] = columns or _name_above(values.joint_columns, 0.0)[:1]
    if values.label > limits.label:
        raised[Question.LABEL] = ()
    if correlated := _name_above(values.correlation, limits.correlation):
        raised[Question.CONCEPT] = correlated
    if values.performance > limits.performance:
        raised[Question.MODEL] = ()
    return raised


def _name_above(values: Mapping[str, float], limit: float) -> tuple[str, ...]:
    above = [(value, name) for name, value in values.items() if value > limit]
    return tuple(name for _, name in sorted(above, key=lambda pair: -pair[0]))


def measure_values(scored: ScoredPair) -> Values:
    """Run deepchecks' checks on a pair, with their own settings and without their displays."""
    with load_deepchecks():
        from deepchecks.tabular import checks

        windows = _make_windows(scored)
        joint = checks.MultivariateDrift().run(**windows).value
        label = checks.LabelDrift().run(**windows).value
        correlation = checks.FeatureLabelCorrelationChange().run(**windows).value
    return Values(
        measure_columns(scored),
        float(joint["domain_classifier_drift_score"]),
        joint["domain_classifier_feature_importance"],
        float(label["Drift score"]),
        {name: abs(float(change)) for name, change in correlation["train-test difference"].items()},
        measure_loss(scored),
    )


def measure_columns(scored: ScoredPair) -> dict[str, float]:
    """The drift score of each column."""
    with load_deepchecks():
        from deepchecks.tabular import checks

        column = checks.FeatureDrift().run(**_make_windows(scored)).value
    return {name: float(found["Drift score"] or 0.0) for name, found in column.items()}


def measure_loss(scored: ScoredPair) -> float:
    """The share of the reference's AUC that was lost."""
    with load_deepchecks():
        from deepchecks.tabular import checks

        check = checks.TrainTestPerformance(scorers=["roc_auc"])
        performance: pd.DataFrame = check.run(**_make_windows(scored), **_list_scores(scored)).value
    auc = performance.groupby("Dataset")["Value"].first()
    return float((auc["Train"] - auc["Test"]) / auc["Train"])


def _make_windows(scored: ScoredPair) -> dict[str, Any]:
    return {
        "train_dataset": _make_dataset(scored, scored.reference),
        "test_dataset": _make_dataset(scored, scored.current),
        "with_display": False,
    }


def _make_dataset(scored: ScoredPair, applications: pd.DataFrame) -> Any:
    from deepchecks.tabular import Dataset

    contract = scored.contract
    features = [column.name for column in contract.features]
    words = [column.name for column in contract.features if column.type == "category"]
    frame = applications[[*features, contract.target.name]].astype(dict.fromkeys(words, object))
    frame[contract.target.name] = (frame[contract.target.name] == contract.target.positive).astype(int)
    return Dataset(frame, label=contract.target.name, cat_features=words, label_type="binary")


def _list_scores(scored: ScoredPair) -> dict[str, Any]:
    """The scores as deepchecks takes them: a probability for each class, and the likelier class."""
    given: dict[str, Any] = {"model_classes": [0, 1]}
    for name, scores in (("train", scored.reference_scores), ("test", scored.current_scores)):
        given[f"y_proba_{name}"] = np.column_stack([1 - scores, scores])
        given[f"y_pred_{name}"] = (scores >= 0.5).astype(int)
    return given
