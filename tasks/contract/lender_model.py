"""The lender's own model: whose scores stand in the table, and what a good and a bad loan are worth."""

from __future__ import annotations

from datetime import date, timedelta

from pydantic import Field

from tasks.contract.columns import Entry


class LenderModel(Entry):
    """The model behind the column with the role `score`."""

    name: str = Field(min_length=1, max_length=200, description="The model's name, such as Scorecard 2023.")
    version: str | None = Field(
        None, max_length=200, description="Its version, where no column with the role model_version says it."
    )
    owner: str = Field("", max_length=200, description="Who answers for it.")
    trained_until: date | None = Field(
        None,
        description="The last day of the applications that it was fitted on. It scores these days better than any "
        "other, so that they cannot be the reference.",
    )
    scored_since: date | None = Field(None, description="The first day with scores of this model.")

    @property
    def first_watchable(self) -> tuple[date, str] | None:
        """The first day on which it can be watched, and the field that says so; None where all days will do."""
        days = []
        if self.trained_until is not None:
            days.append((self.trained_until + timedelta(days=1), "trained_until"))
        if self.scored_since is not None:
            days.append((self.scored_since, "scored_since"))
        return max(days, default=None)


class Profit(Entry):
    """What loans bring, for the expected profit at a cut-off."""

    gain: float = Field(ge=0, allow_inf_nan=False, description="What a loan that turns out good earns.")
    loss: float = Field(ge=0, allow_inf_nan=False, description="What a loan that turns out bad costs.")
    unit: str = Field("", max_length=40, description="The currency, such as EUR.")
