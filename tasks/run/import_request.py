"""The request to import a model of the lender's own: its command line and their help."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from cyclopts import Parameter
from pydantic import Field

from tasks.run.request import (
    NO_NEGATIVE,
    ModelStoreOptions,
    PolicyOptions,
    ReferenceOptions,
    TableOptions,
    WindowOptions,
)

REPEATED = Parameter(negative=(), consume_multiple=False)


class ImportRequest(PolicyOptions, ModelStoreOptions, TableOptions, ReferenceOptions, WindowOptions):
    """Try a fitted model of the lender's own on a window, and put it into production."""

    name: str | None = Field(
        None, max_length=200, description="The model's name. Default: that of the contract's `[model]`, or of the file."
    )
    version: str | None = Field(None, max_length=200, description="Its version. Default: the contract's.")
    owner: str | None = Field(None, max_length=200, description="Who answers for it. Default: the contract's.")
    trained_until: date | None = Field(
        None,
        description="The last day of the applications that it was fitted on, which can be neither reference nor "
        "window. Default: the contract's.",
    )
    columns: Annotated[tuple[str, ...], REPEATED] = Field(
        (), description="The model's columns in its order, where its file does not name them; once for each."
    )
    positive: str | None = Field(
        None,
        description="The model's class that means the target's positive value, where it does not tell, such as 1.",
    )
    trust: Annotated[tuple[str, ...], REPEATED] = Field(
        (), description="A type in a skops file whose code you trust; once for each."
    )
    trust_pickle: Annotated[bool, NO_NEGATIVE] = Field(
        False, description="Read a pickle (.joblib, .pkl), which runs the code in the file with all your rights."
    )
    install: Annotated[bool, NO_NEGATIVE] = Field(
        False, description="Put the model into production after the dry run. Without it nothing is changed."
    )
    replace: Annotated[bool, NO_NEGATIVE] = Field(
        False, description="With `install`: put it in the place of a champion, without a comparison."
    )
    effective: date | None = Field(
        None, description="The first day for which it counts. Default: the day after its reference."
    )
