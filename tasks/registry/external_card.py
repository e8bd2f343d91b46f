"""The card of the lender's own model: whose it is, how its scores are read, and how it does on its reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tasks.contract.contract import Contract
from tasks.core.windows import Window
from tasks.foreign.model import ScoreColumn
from tasks.registry.model_card import describe_outcomes, write_groups, write_measures, write_segments


def write_external_card(
    contract: Contract, scorer: ScoreColumn, windows: Sequence[Window], metrics: dict[str, Any]
) -> str:
    """The card in Markdown. `metrics` is the content of the bundle's metrics.json."""
    external, positive = metrics["external"], contract.positive_words
    version = f", version {external['version']}" if external["version"] else ""
    lines = [
        f"# {external['name']}{version}, for {contract.name}",
        "",
        contract.description,
        "",
        "- **Whose**: the lender's own model. loanwatch did not train it, does not hold it and cannot score with it; "
        "it watches the scores that stand in the table.",
        f"- **Owner**: {external['owner'] or 'not stated'}.",
        f"- **Scores**: {_describe_scores(contract, scorer)}",
        f"- **Fitted**: {_describe_training(external)}",
        f"- **Compared with**: {', '.join(map(str, windows))}; {metrics['reference_applications']:,} applications, of "
        f"which {metrics['fitted_rows']:,} have an outcome and {metrics['test']['rows']:,} an outcome and a score.",
        f"- **Decides**: {metrics['cut_off']['sentence']}",
        *describe_outcomes(metrics),
        "",
        *write_measures(metrics, positive),
        *write_segments(metrics, positive),
        *write_groups(metrics, positive),
        "## Limits of use",
        "",
        "- The figures are of the reference days, as the table holds them. Nothing here tells how the model was made.",
        f"- It is judged by `{contract.target.name}` and nothing else.",
        "- Applications that it did not score count as applicants, and for nothing that needs a score.",
        "",
    ]
    return "\n".join(lines)


def _describe_scores(contract: Contract, scorer: ScoreColumn) -> str:
    if scorer.curve is None:
        return (
            f"`{scorer.column}`, the probability of `{contract.target.name}` = {contract.target.positive!r}, as it is."
        )
    level, slope = scorer.curve
    column = contract.score
    which = column.higher_is if column is not None else "better"
    return (
        f"`{scorer.column}`, points (higher is {which}). A logistic curve of the reference turns them into "
        f"probabilities: log odds {level:.4g} {slope:+.4g} for each point. It keeps their order."
    )


def _describe_training(external: dict[str, Any]) -> str:
    if external.get("trained_until"):
        return f"elsewhere, on days up to {external['trained_until']} (`trained_until` of the contract)."
    return "elsewhere; the contract does not say on which days (`trained_until`)."
