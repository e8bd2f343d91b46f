"""The names of models: the lender's own one by what the contract says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

EXTERNAL = "external"  # the kind of a model of the lender's own, in the registry


def name_external(external: Mapping[str, Any]) -> str:
    """The lender's own model by its name, version and owner.

    Examples
    --------
    >>> name_external({"name": "Scorecard 2023", "version": "2", "owner": "Risk"})
    "Scorecard 2023, version 2 (the lender's own model; owner: Risk)"
    """
    version = f", version {external['version']}" if external.get("version") else ""
    owner = f"; owner: {external['owner']}" if external.get("owner") else ""
    return f"{external['name']}{version} (the lender's own model{owner})"


def name_model(kind: str, external: Mapping[str, Any] | None) -> str:
    """A model by its kind, as in `gradient boosting`; the lender's own by its name."""
    return name_external(external) if external else kind.replace("_", " ")
