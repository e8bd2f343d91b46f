"""The model card: what a model is, what it was made of and what it may be used for, in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tasks.contract import Contract
from tasks.versions import find_version
from tasks.windows import Window

LIBRARIES = ("loanwatch", "scikit-learn", "numpy", "pandas")


def write_card(contract: Contract, kind: str, windows: Sequence[Window], metrics: dict[str, Any]) -> str:
    """The card of one model. `metrics` is what stands in the bundle's metrics.json."""
    test = metrics["test"]
    days = ", ".join(str(window) for window in windows)
    features = [column.name for column in contract.features] + [derived.name for derived in contract.derived]
    lines = [
        f"# {kind.replace('_', ' ').capitalize()} for {contract.name}",
        "",
        contract.description,
        "",
        f"- **Predicts**: the probability of `{contract.target.name}` = {contract.target.positive!r}.",
        f"- **Fitted on**: {days}; {metrics['fitted_rows']:,} labelled applications.",
        f"- **Judged on**: {metrics['judged_on']}; {test['rows']:,} labelled applications that it had not seen.",
        f"- **Features**: {', '.join(features)}.",
        f"- **Made with**: {', '.join(f'{library} {find_version(library)}' for library in LIBRARIES)}.",
        "",
        "| measure | judging days | training rows |",
        "|---|---|---|",
        *(
            f"| {name} | {_round(test[name])} | {_round(metrics['training'][name])} |"
            for name in test
            if name != "rows"
        ),
        "",
        "**Limits of use**: for applications of the same kind and lender as those it was fitted on, for as long as "
        "monitoring finds no drift. It says what the lender would have decided, not whether a loan will be repaid.",
        "",
    ]
    return "\n".join(lines)


def _round(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.3f}"
