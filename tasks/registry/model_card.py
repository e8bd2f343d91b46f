"""The model card: what a model is, what it was made of and what it may be used for, in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tasks.contract.contract import Contract
from tasks.core.versions import find_version
from tasks.core.windows import Window

LIBRARIES = ("loanwatch", "scikit-learn", "numpy", "pandas")
WORST = 5  # segments that the card names


def write_card(contract: Contract, kind: str, windows: Sequence[Window], metrics: dict[str, Any]) -> str:
    """The card of one model. `metrics` is what stands in the bundle's metrics.json."""
    features = [column.name for column in contract.features] + [derived.name for derived in contract.derived]
    lines = [
        f"# {kind.replace('_', ' ').capitalize()} for {contract.name}",
        "",
        contract.description,
        "",
        f"- **Predicts**: the probability of `{contract.target.name}` = {contract.target.positive!r}.",
        f"- **Fitted on**: {', '.join(map(str, windows))}; {metrics['fitted_rows']:,} labelled applications.",
        f"- **TestRows on**: {metrics['judged_on']}; {metrics['test']['rows']:,} labelled applications that it had not "
        f"seen, without {metrics['left_out']:,} of customers that it was fitted on.",
        f"- **Features**: {', '.join(features)}.",
        f"- **Made with**: {', '.join(f'{library} {find_version(library)}' for library in LIBRARIES)}.",
        "",
        *_write_measures(metrics),
        *_write_segments(metrics),
        *_write_approval(metrics),
        "## Limits of use",
        "",
        "- For applications of the same kind and lender as those it was fitted on, for as long as monitoring finds no "
        "drift.",
        "- It says what the lender would have decided, not whether a loan will be repaid: whatever the lender's "
        "decisions get wrong or unfair, it repeats.",
        "- Its probabilities are calibrated on the days it was fitted on; after a change of the approval rate they are "
        "off by as much.",
        "- In segments with fewer rows than the table's it was not judged by itself.",
        "",
    ]
    return "\n".join(lines)


def _write_measures(metrics: dict[str, Any]) -> list[str]:
    intervals = metrics["intervals"]
    rows = [
        f"| {name} | {_round(value)} | {_span(intervals.get(name))} | {_round(metrics['training'][name])} |"
        for name, value in metrics["test"].items()
        if name != "rows"
    ]
    return [
        "## Performance",
        "",
        f"| measure | judging days | {metrics['confidence']:.0%} interval | training rows |",
        "|---|---|---|---|",
        *rows,
        "",
        f"Mean distance between the probability said and the share seen: {metrics['calibration_error']:.3f}.",
        "",
    ]


def _write_segments(metrics: dict[str, Any]) -> list[str]:
    worst = metrics["segments"][:WORST]
    if not worst:
        return ["## Segments", "", "No segment of the judging days has enough rows to be judged by itself.", ""]
    rows = [
        f"| {_quote(part['column'])} | {_quote(part['segment'])} | {part['rows']:,} | {part['rate']:.1%} "
        f"| {part['auc']:.3f} | {_span((part['low'], part['high']))} |"
        for part in worst
    ]
    return [
        "## Segments",
        "",
        f"The {len(rows)} of {len(metrics['segments'])} segments in which it ranks worst:",
        "",
        f"| column | segment | rows | approved | AUC | {metrics['confidence']:.0%} interval |",
        "|---|---|---|---|---|---|",
        *rows,
        "",
    ]


def _write_approval(metrics: dict[str, Any]) -> list[str]:
    if not metrics["approval"]:
        return []
    rows = [
        f"| {_quote(group['column'])} | {_quote(group['group'])} | {group['decided_by']} | {group['rows']:,} "
        f"| {group['rate']:.1%} | {group['ratio']:.2f} | {_span((group['low'], group['high']))} |"
        for group in metrics["approval"]
    ]
    return [
        "## Approval by protected group",
        "",
        "The ratio is to the column's largest group.",
        "",
        "| column | group | decided by | rows | approved | ratio | interval |",
        "|---|---|---|---|---|---|---|",
        *rows,
        "",
    ]


def _quote(text: str) -> str:
    """A lender's word in a table's cell."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _span(interval: Sequence[float] | None) -> str:
    return "not defined" if interval is None else f"{interval[0]:.3f} to {interval[1]:.3f}"


def _round(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.3f}"
