"""What set-up wrote last, kept on the server as Prefect variables: whoever sets up next can tell what changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import VariableCreate, VariableUpdate

from blocks.errors import LoanwatchError

LIMIT = 5000  # characters that Prefect allows a variable


class MemoryFullError(LoanwatchError):
    """Prefect's variable does not hold all that is to be remembered."""


class Memory:
    """The signatures of one kind of thing, by the thing's name."""

    def __init__(self, client: SyncPrefectClient, kind: str) -> None:
        self._client = client
        self._variable = f"loanwatch_setup_{kind}"
        found = client.read_variable_by_name(self._variable)
        self._is_there = found is not None
        self._before: dict[str, dict[str, str]] = dict(found.value) if found and isinstance(found.value, dict) else {}
        self._now = dict(self._before)

    def recall(self, name: str) -> dict[str, str] | None:
        """What was written last, None where nothing was."""
        return self._before.get(name)

    def note(self, name: str, signatures: Mapping[str, str]) -> None:
        """Remember this of a thing."""
        self._now[name] = dict(signatures)

    def save(self) -> None:
        """Write all that was noted, if it is any different. Raises MemoryFullError."""
        if self._now == self._before:
            return
        content: dict[str, Any] = {"name": self._variable, "value": self._now, "tags": ["loanwatch"]}
        try:
            if self._is_there:
                self._client.update_variable(VariableUpdate(**content))
            else:
                self._client.create_variable(VariableCreate(**content))
        except ValueError as error:
            raise MemoryFullError(
                f"The Prefect variable {self._variable} would exceed {LIMIT} characters: prefect.yaml sets too many "
                "values. Set fewer, or deploy with `prefect --no-prompt deploy --all`, which keeps nothing."
            ) from error
