"""Request: what a flow can be asked for. Each record is its parameters, its form, its command line and their help."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from cyclopts import Parameter
from prefect.context import FlowRunContext
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from blocks.environment import read_environment
from tasks.backfill.queue import Every
from tasks.core.policy import MonitorPolicy
from tasks.core.run_tags import read_backfill
from tasks.core.windows import PlanError, Window

# A field that a terminal does not offer: its command line has something in its place.
FORM_ONLY = Parameter(parse=False)
NO_NEGATIVE = Parameter(negative=())
# Prefect's server checks a pattern when a form is handed in, and no format: a mistyped date starts no run.
_PATTERN = r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"
_DAY = {"type": "string", "format": "date"}
Day = Annotated[date, WithJsonSchema({**_DAY, "pattern": _PATTERN})]
OptionalDay = Annotated[date | None, WithJsonSchema({"anyOf": [_DAY, {"type": "null"}], "pattern": _PATTERN})]


class Request(BaseModel):
    """The base of all requests: frozen, and a misspelt field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class WindowOptions(Request):
    """The days that are looked at: both ends or neither."""

    start: OptionalDay = Field(
        None, description="First day of the window, as YYYY-MM-DD. Without dates: the last full month."
    )
    end: OptionalDay = Field(None, description="Last day of the window, included.")

    @property
    def window(self) -> Window | None:
        """The window asked for, if any. Raises PlanError for half a window."""
        return _both("start", self.start, "end", self.end)


class TrailingWindowOptions(WindowOptions):
    """A window by its days, or the last days before the present one."""

    trailing_days: int | None = Field(
        None,
        ge=1,
        le=366,
        description="Without dates: that many days up to yesterday, or to the last day held, in place of a month.",
    )


class ReferenceOptions(Request):
    """The days that a first champion is fitted on."""

    reference_start: OptionalDay = Field(
        None,
        description="First day of the reference, for a first champion. Default: the six full months before the window.",
    )
    reference_end: OptionalDay = Field(None, description="Last day of the reference, included.")

    @property
    def reference(self) -> Window | None:
        """The reference asked for, if any. Raises PlanError for half a window."""
        return _both("reference_start", self.reference_start, "reference_end", self.reference_end)


class ChampionOptions(Request):
    """Which champion, and whether another model may take its place."""

    champion: int | None = Field(
        None,
        description="The version to monitor against. Default: the champion that was effective before the window.",
    )
    may_promote: Annotated[bool, Parameter(name="--promote")] = Field(
        True, description="Whether a model that is proven better may go into production."
    )
    model_version: str | None = Field(
        None,
        description="Of the lender's own models, the version to watch, as the column with the role model_version names "
        "it. Default: the version that gave most scores in the window.",
    )


class TableOptions(Request):
    """Which table, in which database."""

    contract: str = Field(
        "loan_applications",
        description="What the table is: a contract that comes with loanwatch, or a TOML file.",
    )
    database: str | None = Field(
        None,
        description="The name of a prefect-sqlalchemy block; on a command line also a postgresql:// URL. Default: "
        "LOANWATCH_DATABASE_URL, the block loans-postgres, or an embedded PostgreSQL under .loanwatch/.",
    )


class ResultsOptions(Request):
    """Where pages and records go."""

    results: str = Field("results", description="Folder for pages and records.")


class ModelStoreOptions(Request):
    """Where models are kept."""

    models: str = Field("models", description="Model store: a folder or an fsspec URL.")


class EngineOptions(Request):
    """Who reads or scores the window."""

    engine: str | None = Field(
        None,
        description="Address of a Dask scheduler whose workers read or score the window in parts, such as "
        "tcp://scheduler:8786. Default: LOANWATCH_ENGINE, or this process does it alone.",
    )

    def find_engine(self) -> str:
        """The address asked for, else that of LOANWATCH_ENGINE; "" for none."""
        return self.engine or read_environment().engine or ""


class PolicyOptions(Request):
    """The limits. A command line reads them from a TOML file."""

    policy: Annotated[MonitorPolicy, FORM_ONLY] = Field(MonitorPolicy(), description="Every limit of the run.")


class MonitorRequest(
    PolicyOptions, EngineOptions, ModelStoreOptions, ResultsOptions, ReferenceOptions, TableOptions, ChampionOptions,
    TrailingWindowOptions,
):  # fmt: skip
    """Monitor one window of applications."""


class ReplaceOptions(Request):
    """Whether the new model is compared with the champion."""

    replace: Annotated[bool, NO_NEGATIVE] = Field(
        False,
        description="Fit on all of the window and put the model into production without a comparison: for a first "
        "champion, or where the champion's bundle is gone.",
    )


class TrainRequest(
    PolicyOptions, EngineOptions, ModelStoreOptions, ResultsOptions, TableOptions, ReplaceOptions, WindowOptions,
):  # fmt: skip
    """Train a challenger on a window and compare it with the champion, or put a new model in its place."""


class ExportOptions(Request):
    """Where predictions go besides the database."""

    csv: str | None = Field(
        None,
        description="Write the predictions of the window to this CSV file as well; only its owner may read it. "
        "Default: only to the database.",
    )


class ScoreRequest(PolicyOptions, EngineOptions, ExportOptions, TableOptions, TrailingWindowOptions):
    """Score the applications of a window, decided or not."""


class BackfillOptions(Request):
    """Which windows, and who monitors them."""

    start: Day = Field(description="First day of the first window, as YYYY-MM-DD.")
    end: Day = Field(description="Last day of the last window, included.")
    every: Every = Field("month", description="How long a window is: a day, a week or a month.")
    champion: int | None = Field(
        None,
        description="The version to monitor against. Default: the champion that was effective before each window.",
    )
    promote: Annotated[bool, NO_NEGATIVE] = Field(
        False, description="Let a model that is proven better go into production. The windows then run in order."
    )
    workers: int = Field(1, ge=1, le=64, description="How many processes share the windows on this machine.")
    work_pool: str | None = Field(
        None, description="Share the windows among the workers of this pool instead: a run of monitor/window for each."
    )
    afresh: Annotated[bool, NO_NEGATIVE] = Field(False, description="Monitor windows again that were finished before.")


class BackfillRequest(PolicyOptions, ModelStoreOptions, ResultsOptions, TableOptions, BackfillOptions):
    """Monitor many past windows. The same request continues where an earlier one stopped."""


class CheckRequest(PolicyOptions, ResultsOptions, TableOptions, WindowOptions):
    """Split a window at random, plant changes, and count the alarms."""


def find_scheduled_day() -> date | None:
    """The day of the schedule's slot, where a schedule started this run."""
    context = FlowRunContext.get()
    flow_run = context.flow_run if context else None
    if flow_run is None or not flow_run.auto_scheduled or flow_run.expected_start_time is None:
        return None
    return flow_run.expected_start_time.date()


def find_backfill() -> str:
    """The name of the backfill that this run is a window of; "" for a run of its own."""
    context = FlowRunContext.get()
    found = read_backfill(context.flow_run.tags) if context and context.flow_run else None
    return found[0] if found else ""


def _both(first_name: str, first: date | None, last_name: str, last: date | None) -> Window | None:
    if (first is None) != (last is None):
        raise PlanError(f"Give both `{first_name}` and `{last_name}`, or neither.")
    return None if first is None or last is None else Window(first, last)
