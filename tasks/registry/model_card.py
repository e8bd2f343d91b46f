"""The model card: what a model is, how it was trained and tested, and what it may be used for, in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tasks.contract.contract import Contract
from tasks.core.policy import Recipe
from tasks.core.positive import Positive
from tasks.core.versions import find_version
from tasks.core.windows import Window

LIBRARIES = ("loanwatch", "scikit-learn", "numpy", "pandas")
WORST = 5  # segments that the card names


def write_card(contract: Contract, kind: str, windows: Sequence[Window], metrics: dict[str, Any]) -> str:
    """The card of one model. `metrics` is the content of the bundle's metrics.json."""
    positive = contract.positive_words
    lines = [
        f"# {kind.replace('_', ' ').capitalize()} for {contract.name}",
        "",
        contract.description,
        "",
        f"- **Predicts**: the probability of `{contract.target.name}` = {contract.target.positive!r}.",
        f"- **Fitted on**: {', '.join(map(str, windows))}; {metrics['fitted_rows']:,} labelled applications.",
        f"- **Tested on**: {metrics['judged_on']}; {metrics['test']['rows']:,} labelled applications not used for "
        f"fitting. {metrics['left_out']:,} more were excluded: their customers are in the training data.",
        *_write_regime(metrics),
        f"- **Decides**: {metrics['cut_off']['sentence']}",
        *describe_outcomes(metrics),
        *describe_features(contract, metrics),
        f"- **Made with**: {', '.join(f'{library} {find_version(library)}' for library in LIBRARIES)}.",
        "",
        *write_measures(metrics, positive),
        *write_segments(metrics, positive),
        *write_groups(metrics, positive),
        "## Limits of use",
        "",
        "- Use it for the same lender and kind of application as it was fitted on, as long as monitoring detects no "
        "drift.",
        f"- It predicts `{contract.target.name}` and nothing else: decisions, for example, do not tell repayment. It "
        "repeats whatever is wrong or unfair in what was recorded there.",
        f"- Its probabilities are calibrated on the training days. If the {positive.share} changes, they are wrong by "
        "that change.",
        "- Segments with too few rows are not in the table: the model was not tested on them separately.",
        "",
    ]
    return "\n".join(lines)


def describe_features(contract: Contract, metrics: dict[str, Any]) -> list[str]:
    """The features that the model reads; of a wide table, that these are some of them, and why."""
    every = [column.name for column in contract.features] + [derived.name for derived in contract.derived]
    screened = metrics.get("features")
    if screened is None:
        return [f"- **Features**: {', '.join(every)}."]
    return [
        f"- **Features**: {len(screened['used']):,} of {screened['of']:,}, those of which a quick fit on some of the "
        f"training rows made most: {', '.join(screened['used'])}. All {screened['of']:,} are watched for drift."
    ]


def describe_outcomes(metrics: dict[str, Any]) -> list[str]:
    """Where only loans that were given have an outcome, that every figure of outcomes rests on these."""
    applications = metrics.get("reference_applications") or 0
    if applications <= metrics["fitted_rows"]:
        return []
    return [
        f"- **Outcomes**: of the {applications:,} applications that windows are compared with, "
        f"{metrics['fitted_rows']:,} have an outcome, and every figure below rests on such ones. Nothing is assumed of "
        "those that were refused."
    ]


def _write_regime(metrics: dict[str, Any]) -> list[str]:
    """How a challenger that was promoted was fitted again, and what later windows are compared with."""
    regime = metrics.get("regime")
    if not regime:
        return []
    lines = [
        f"- **Final fit**: the test was of a model fitted on {metrics['judged_fitted_rows']:,} applications. The model "
        f"in production was fitted in the same way on all {metrics['fitted_rows']:,}, the test days included.",
    ]
    if regime["recipe"] != Recipe.ALL:
        days = (
            "on the days since" if regime["recipe"] == Recipe.RECENT else "on all days, with a feature for those since"
        )
        lines.append(f"- **After a change of the rule** on {regime['rule_since']}: fitted {days}.")
    if regime["reference_since"]:
        lines.append(
            f"- **Reference**: later windows are compared with the {regime['reference_rows']:,} applications since "
            f"{regime['reference_since']}."
        )
    return lines


def write_measures(metrics: dict[str, Any], positive: Positive) -> list[str]:
    """The performance on the test days and the training rows; of a model fitted elsewhere on its reference."""
    intervals, training = metrics["intervals"], metrics.get("training")
    rows = [
        f"| {name} | {_round(value)} | {_span(intervals.get(name))} |"
        + (f" {_round(training[name])} |" if training else "")
        for name, value in metrics["test"].items()
        if name != "rows"
    ]
    days, more = ("test days", " training rows |") if training else ("reference", "")
    return [
        "## Performance",
        "",
        f"Accuracy, precision, recall and F1 are those at a probability of {metrics['tested_at']:.4g}.",
        "",
        f"| measure | {days} | {metrics['confidence']:.0%} interval |{more}",
        "|---|---|---|---|" if training else "|---|---|---|",
        *rows,
        "",
        f"Calibration error (mean difference between predicted probability and observed {positive.share}): "
        f"{metrics['calibration_error']:.3f}.",
        "",
    ]


def write_segments(metrics: dict[str, Any], positive: Positive) -> list[str]:
    """The segments with the lowest AUC."""
    worst = metrics["segments"][:WORST]
    if not worst:
        return ["## Segments", "", "No segment of the test days has enough rows to be tested separately.", ""]
    rows = [
        f"| {_quote(part['column'])} | {_quote(part['segment'])} | {part['rows']:,} | {part['rate']:.1%} "
        f"| {part['auc']:.3f} | {_span((part['low'], part['high']))} |"
        for part in worst
    ]
    return [
        "## Segments",
        "",
        f"The {len(rows)} of {len(metrics['segments'])} segments with the lowest AUC:",
        "",
        f"| column | segment | rows | {_quote(str(positive))} | AUC | {metrics['confidence']:.0%} interval |",
        "|---|---|---|---|---|---|",
        *rows,
        "",
    ]


def write_groups(metrics: dict[str, Any], positive: Positive) -> list[str]:
    """The shares of the positive decision by protected group."""
    if not metrics["approval"]:
        return []
    rows = [
        f"| {_quote(group['column'])} | {_quote(group['group'])} | {group['decided_by']} | {group['rows']:,} "
        f"| {group['rate']:.1%} | {group['ratio']:.2f} | {_span((group['low'], group['high']))} |"
        for group in metrics["approval"]
    ]
    return [
        f"## The {positive.share} by protected group",
        "",
        "The ratio compares a group's share with that of the column's largest group.",
        "",
        f"| column | group | decided by | rows | {_quote(str(positive))} | ratio | interval |",
        "|---|---|---|---|---|---|---|",
        *rows,
        "",
    ]


def _quote(text: str) -> str:
    """A value of the data in a cell of a table."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _span(interval: Sequence[float] | None) -> str:
    return "not defined" if interval is None else f"{interval[0]:.3f} to {interval[1]:.3f}"


def _round(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.3f}"
