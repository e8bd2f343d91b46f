"""Options: what a command line was given, as the record that its flow takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from cyclopts import Parameter

from blocks.postgres.connect import adopt_database_option
from tasks.contract.load import load_contract
from tasks.core.policy import load_policy
from tasks.core.windows import PlanError, month_of
from tasks.extract.check_queries import check_texts
from tasks.run.import_request import ImportRequest
from tasks.run.request import BackfillRequest, MonitorRequest, Request, ScoreRequest, TrainRequest

AnyRequest = TypeVar("AnyRequest", bound=Request)

# Spreads a record's fields over the command line.
SPREAD = Parameter(name="*")
POLICY_HELP = Parameter(help="Limits other than the default: a TOML file, such as `[drift]` with `label_limit = 0.05`.")
MONTH_HELP = Parameter(help="The window as a month, such as 2024-08, in place of --start and --end.")


def read_options(options: AnyRequest, policy: Path | None = None, month: str | None = None) -> AnyRequest:
    """What a command line was given, checked as far as can be before anything starts.

    A month becomes its days, a policy file its limits, a database's URL goes into the environment, where it is not
    stored with the run. Raises a LoanwatchError that names the option.
    """
    read: dict[str, Any] = {}
    given = options.model_fields_set
    if month and {"start", "end"} & given:
        raise PlanError("Give either --month or --start and --end.")
    if month:
        days = month_of(month)
        read |= {"start": days.start, "end": days.end}
    for name in ("window", "reference"):
        getattr(options, name, None)  # half a window is an error
    check_texts(load_contract(getattr(options, "contract")))  # noqa: B009 - every request but the bare base has one
    if policy is not None:
        read["policy"] = load_policy(policy)
    read["database"] = adopt_database_option(getattr(options, "database"))  # noqa: B009
    return options.model_copy(update=read)


def as_parameters(request: Request) -> dict[str, Any]:
    """A request as the parameters of its flow."""
    return {name: getattr(request, name) for name in type(request).model_fields}


# What a message calls a field (`reference_start`), and what a terminal has for it.
OPTIONS = {
    name: f"--{name.replace('_', '-')}"
    for record in (MonitorRequest, TrainRequest, ScoreRequest, BackfillRequest, ImportRequest)
    for name in record.model_fields
} | {"may_promote": "--promote"}
