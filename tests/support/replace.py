"""Replacing a function in the whole project, wherever it was imported to."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

PACKAGES = ("flows", "tasks", "blocks", "deployments")


def replace_object(
    original: Any, replacement: Any, *, within: str = "", set_attribute: Callable[[Any, str, Any], None] = setattr
) -> list[str]:
    """Bind the replacement in every loaded module of the project that binds exactly the original; returns where.

    A module that is loaded later imports the replacement too, as the module that defines the original is among them.
    `within` is one package or module to keep to, where the rest of the project needs the original; a test of the same
    process hands `monkeypatch.setattr`. Raises LookupError where nothing binds the original: what has moved, or was
    replaced before, must not stay in use unnoticed.
    """
    found = [
        (module, name)
        for module in list(sys.modules.values())
        if _is_in(module.__name__, within)
        for name, bound in list(vars(module).items())
        if bound is original
    ]
    if not found:
        raise LookupError(f"no module of {within or 'the project'} binds {original!r}")
    for module, name in found:
        set_attribute(module, name, replacement)
    return [f"{module.__name__}.{name}" for module, name in found]


def _is_in(module: str, within: str) -> bool:
    if within:
        return module == within or module.startswith(f"{within}.")
    return module.partition(".")[0] in PACKAGES
