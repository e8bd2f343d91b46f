"""Public scores: NannyML's synthetic car loans, which it scores with a model of its own, and its estimates of them."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from benchmarks.auc_estimators import LEARNERS
from benchmarks.peer_environments import QUIET, ROOT, PeerError, find_python


def ask_public() -> list[str]:
    """The mean absolute error and the bias of the later half on NannyML's public car loans, NannyML's own among them.

    Raises PeerError where `make peers` has not made its environment.
    """
    command = [str(find_python("nannyml")), str(ROOT / "benchmarks" / "peers" / "ask_nannyml_cbpe.py")]
    try:
        asked = subprocess.run(command, env={**os.environ, **QUIET}, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise PeerError("NannyML did not answer: make its environment with `make peers`.") from error
    public: dict[str, Any] = json.loads(asked.stdout)
    labels, scores = np.array(public["labels"], dtype=float), np.array(public["scores"])
    chunks = [(np.array(one["scores"]), np.array(one["labels"], dtype=float)) for one in public["chunks"]]
    estimates = {"NannyML": [one["estimate"] for one in public["chunks"]]}
    for name, learn in LEARNERS.items():
        estimate = learn(labels, scores)
        estimates[name] = [estimate(fresh) for fresh, _ in chunks]
    shown = np.array([roc_auc_score(decided, fresh) for fresh, decided in chunks])
    lines = ["| estimator | mean absolute error | bias, later half |", "|---|---|---|"]
    for name, found in estimates.items():
        errors = np.array(found) - shown
        late = float(np.mean(errors[len(errors) // 2 :]))
        lines.append(f"| {name} | {float(np.mean(np.abs(errors))):.5f} | {late:+.5f} |")
    return lines
