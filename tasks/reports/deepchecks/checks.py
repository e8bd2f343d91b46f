"""The previous system's deepchecks checks, for information: without output, and an error in one breaks no page."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import joblib

from tasks.reports.deepchecks import describe
from tasks.reports.deepchecks.shim import patch_libraries


@dataclass(frozen=True)
class Shown:
    """A check by its name in `deepchecks.tabular.checks`, and its options.

    `describe` makes display items of the check's value. They replace deepchecks' own texts and tables (`figures`) or
    all that it shows (`nothing`), where those print applicants' records, change their order from run
    to run, or mislead.
    """

    check: str
    options: Mapping[str, Any] = field(default_factory=dict)
    describe: Callable[[Any], list[Any]] | None = None
    keep: Literal["all", "figures", "nothing"] = "all"


@dataclass(frozen=True)
class Outcome:
    """What a check shows: texts, frames and figures; or the reason why it did not run."""

    title: str
    summary: str
    items: tuple[Any, ...] = ()
    reason: str = ""


SEED = 2015
QUALITY = (
    Shown("DataDuplicates", {"random_state": SEED}, describe.describe_duplicates, keep="nothing"),
    Shown("ConflictingLabels", {"random_state": SEED}, describe.describe_conflicts, keep="nothing"),
    Shown("FeatureLabelCorrelation", {"random_state": SEED, "n_top_features": 10}),
    Shown("FeatureFeatureCorrelation", {"random_state": SEED}),
    # Quadratic cost, so fewer rows; no timeout, because a result must not depend on the load of the machine.
    Shown(
        "OutlierSampleDetection",
        {"random_state": SEED, "n_samples": 1_500, "timeout": 0},
        describe.describe_outliers,
        keep="nothing",
    ),
    Shown("PercentOfNulls"),
    Shown("MixedNulls", {"random_state": SEED}),
    Shown("IsSingleValue", {"random_state": SEED}),
    Shown("SpecialCharacters", {"random_state": SEED}),
    Shown("StringMismatch", {"random_state": SEED}, describe.describe_variants, keep="nothing"),
    Shown("MixedDataTypes", {"random_state": SEED}, describe.describe_mixed_types, keep="nothing"),
    Shown("ClassImbalance", {"random_state": SEED}),
)
DRIFT = (
    Shown("FeatureDrift", {"random_state": SEED}, describe.describe_feature_drift),
    Shown("LabelDrift", {"random_state": SEED, "ignore_na": True}),
    Shown("MultivariateDrift", {"random_state": SEED, "n_samples": 5_000}, describe.describe_domain_classifier),
    Shown("NewCategoryTrainTest", {"random_state": SEED}, describe.describe_new_categories, keep="nothing"),
    Shown("FeatureLabelCorrelationChange", {"random_state": SEED, "n_samples": 10_000}),
)
PERFORMANCE = (
    Shown(
        "TrainTestPerformance", {"random_state": SEED, "scorers": ["accuracy", "precision", "recall", "f1", "roc_auc"]}
    ),
    Shown("RocReport", {"random_state": SEED}),
    Shown("CalibrationScore", {"random_state": SEED}),
    Shown("ConfusionMatrixReport", {"random_state": SEED}, describe.describe_confusion, keep="figures"),
)
PREDICTIONS = (Shown("PredictionDrift", {"random_state": SEED}),)


@contextmanager
def load_deepchecks() -> Iterator[None]:
    """Import deepchecks without telemetry, warnings, progress bars and worker processes."""
    # It sends telemetry when it is imported, here and in the worker processes that it would start.
    os.environ["DISABLE_DEEPCHECKS_ANONYMOUS_TELEMETRY"] = "True"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch_libraries()
        import deepchecks.tabular.checks  # noqa: F401 - for its import

        # At this level deepchecks shows no progress bars either.
        logger = logging.getLogger("deepchecks")
        level = logger.level
        logger.setLevel(logging.CRITICAL)
        try:
            with joblib.parallel_config(backend="threading"):
                yield
        finally:
            logger.setLevel(level)


def run_checks(shown: Sequence[Shown], **given: Any) -> list[Outcome]:
    """Run each check separately on the arguments of `Suite.run`; one that raises gives an outcome with a reason."""
    return [outcome for one in shown for outcome in _run_check(one, given)]


def skip_checks(shown: Sequence[Shown], reason: str) -> list[Outcome]:
    """The outcomes of checks that cannot run."""
    return [Outcome(check.name(), check.metadata()["summary"], reason=reason) for check in map(_make_check, shown)]


def _make_check(shown: Shown) -> Any:
    from deepchecks.tabular import checks

    return getattr(checks, shown.check)(**shown.options)


def _run_check(shown: Shown, given: Mapping[str, Any]) -> list[Outcome]:
    from deepchecks.tabular import Suite

    check = _make_check(shown)
    try:
        results = Suite(shown.check, check).run(**given).results
        return [_read_result(shown, check, result) for result in results]
    except Exception as error:  # information must not stop a run, whatever deepchecks meets
        return [Outcome(check.name(), check.metadata()["summary"], reason=_describe_error(error))]


def _read_result(shown: Shown, check: Any, result: Any) -> Outcome:
    header = str(result.header or check.name())
    title = header.replace(" - Train Dataset", ": reference").replace(" - Test Dataset", ": window")
    summary = str(check.metadata()["summary"])
    if hasattr(result, "exception"):
        return Outcome(title, summary, reason=_describe_error(result.exception))
    described = shown.describe(result.value) if shown.describe else []
    own = [item for item in result.display if shown.keep == "all" or (shown.keep == "figures" and is_figure(item))]
    return Outcome(title, summary, (*described, *own))


def is_figure(item: Any) -> bool:
    """A display item is a plotly figure."""
    return hasattr(item, "to_plotly_json")


def _describe_error(error: Exception) -> str:
    return f"{str(error) or type(error).__name__}"[:300]
