"""NannyML's confidence-based performance estimation on its own public set of car loans, in an environment of its own.

Writes a line of JSON: the reference's scores and labels, and for each later chunk its scores, its labels and NannyML's
estimate of its AUC.
"""

import contextlib
import json
import sys

import numpy as np

with contextlib.redirect_stdout(sys.stderr):
    import nannyml as nml

CHUNKS = 10
SCORE, LABEL = "y_pred_proba", "repaid"


def answer() -> dict:
    """The public set in chunks, with the estimates."""
    reference, analysis, targets = nml.load_synthetic_car_loan_dataset()
    estimator = nml.CBPE(
        y_pred_proba=SCORE,
        y_pred="y_pred",
        y_true=LABEL,
        problem_type="classification_binary",
        metrics=["roc_auc"],
        chunk_number=CHUNKS,
    )
    with contextlib.redirect_stdout(sys.stderr):
        found = estimator.fit(reference).estimate(analysis).filter(period="analysis").to_df()
    decided = analysis.merge(targets, on="id")
    parts = zip(np.array_split(np.arange(len(decided)), CHUNKS), found["roc_auc", "value"], strict=True)
    chunks = [
        {
            "scores": decided[SCORE].iloc[rows].tolist(),
            "labels": decided[LABEL].iloc[rows].tolist(),
            "estimate": float(estimate),
        }
        for rows, estimate in parts
    ]
    return {"scores": reference[SCORE].tolist(), "labels": reference[LABEL].tolist(), "chunks": chunks}


if __name__ == "__main__":
    print(json.dumps(answer()), flush=True)
