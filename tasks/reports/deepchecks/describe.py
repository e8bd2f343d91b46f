"""Values of deepchecks checks as sentences and small tables, without applicants' records and in a fixed order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

OUTLIER_SCORE = 0.7  # deepchecks' own default threshold


def describe_duplicates(share: float) -> list[Any]:
    """`DataDuplicates`: the share of rows that repeat another."""
    return [f"{share:.2%} of the rows repeat another row in every feature and the label."]


def describe_conflicts(value: dict[str, Any]) -> list[Any]:
    """`ConflictingLabels`: the share of rows that agree in all features but not in the label."""
    share, groups = value["percent_of_conflicting_samples"], len(value["samples_indices"])
    return [f"{share:.2%} of the rows, in {groups} groups, agree in every feature but not in the label."]


def describe_outliers(quantiles: NDArray[Any]) -> list[Any]:
    """`OutlierSampleDetection`: the share of outliers; `quantiles` of the rows' outlier scores."""
    share = float(np.mean(quantiles > OUTLIER_SCORE))
    return [f"About {share:.1%} of the sampled rows have an outlier probability (LoOP) above {OUTLIER_SCORE}."]


def describe_variants(value: dict[str, Any]) -> list[Any]:
    """`StringMismatch`: categories that differ only in case, spaces or punctuation."""
    rows = [
        {"column": column, "spelling": variant["variant"], "rows": variant["count"], "reads as": base}
        for column, bases in value["columns"].items()
        for base, variants in bases.items()
        for variant in variants
    ]
    if not rows:
        return []
    return [pd.DataFrame(rows).sort_values(["column", "reads as", "spelling"])]


def describe_mixed_types(value: dict[str, dict[str, float]]) -> list[Any]:
    """`MixedDataTypes`: text columns that contain numbers."""
    return [f"{column}: {mix['numbers']:.1%} of the values are numbers." for column, mix in value.items() if mix]


def describe_feature_drift(value: dict[str, dict[str, Any]]) -> list[Any]:
    """`FeatureDrift`: every column's score, the largest first."""
    scores = pd.DataFrame.from_dict(value, orient="index")[["Drift score", "Method"]]
    scores["Drift score"] = scores["Drift score"].astype(float)
    return [scores.rename_axis("column").sort_values("Drift score", ascending=False, kind="stable")]


def describe_domain_classifier(value: dict[str, Any]) -> list[Any]:
    """`MultivariateDrift`: how well a classifier separates the two windows."""
    auc = value["domain_classifier_auc"]
    return [
        f"A classifier separates the rows of the two windows with an AUC of {auc:.3f}; 0.5 is no better than random."
    ]


def describe_new_categories(value: pd.DataFrame) -> list[Any]:
    """`NewCategoryTrainTest`: categories of the window that are not in the reference."""
    table = pd.DataFrame(
        {
            "column": value.index,
            "new categories": value["# New Categories"].to_numpy(dtype=int),
            "share of the window": [f"{share:.2%}" for share in value["Ratio of New Categories"]],
            "most frequent": [", ".join(names[:5]) for names in value["New categories"]],
        }
    )
    return [table.sort_values("column")]


def describe_confusion(value: pd.DataFrame) -> list[Any]:
    """`ConfusionMatrixReport`: the accuracy. What deepchecks calls accuracy is the mean of the classes' recalls."""
    counts = value.to_numpy(dtype=float)
    correct, rows = float(np.trace(counts)), float(counts.sum())
    return [f"{correct:,.0f} of {rows:,.0f} rows are correct: accuracy {correct / rows:.1%}."]
