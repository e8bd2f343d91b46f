"""The model card of a model that was imported: whose it is, what it takes, and how it did before it was installed."""

from __future__ import annotations

from typing import Any

from tasks.contract.contract import Contract
from tasks.core.windows import Window
from tasks.registry.model_card import describe_outcomes, write_groups, write_measures, write_segments


def write_imported_card(contract: Contract, reference: Window, metrics: dict[str, Any]) -> str:
    """The card, in Markdown. `metrics` is the content of the bundle's metrics.json."""
    model, positive = metrics["imported"], contract.positive_words
    version = f", version {model['version']}" if model["version"] else ""
    until = model["trained_until"]
    lines = [
        f"# {model['name']}{version}, for {contract.name}",
        "",
        contract.description,
        "",
        f"- **Owner**: {model['owner'] or 'not stated'}. It was fitted elsewhere and imported.",
        f"- **File**: {model['file']} ({model['form']}), sha256 {model['sha256']}.",
        f"- **Trusted**: {model['trust']}",
        f"- **Predicts**: the probability of `{contract.target.name}` = {contract.target.positive!r}. "
        f"{model['classes']}",
        f"- **Decides**: {metrics['cut_off']['sentence']}",
        f"- **Takes**: {', '.join(model['columns'])}.",
        f"- **Fitted on**: {f'days up to {until}' if until else 'days that were not stated'}.",
        f"- **Reference**: {reference}; {metrics['fitted_rows']:,} decided applications, scored by it as new ones. "
        "Later windows are compared with these.",
        *describe_outcomes(metrics),
        "",
        *write_measures(metrics, positive),
        *write_segments(metrics, positive),
        *write_groups(metrics, positive),
        "## Limits of use",
        "",
        "- Whether the reference's days are days on which the model was fitted is known only as far as it is stated "
        "above. If they are, every later window looks worse than it is.",
        f"- It predicts `{contract.target.name}` and repeats whatever is wrong or unfair in what it was fitted on.",
        "- Categories reach it as the contract spells them, in lower case; special values as they are in the table.",
        "",
    ]
    return "\n".join(lines)
