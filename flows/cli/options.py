"""Options: a flow's parameters and its command line, both from the record that the flow takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from cyclopts import Parameter

from blocks.postgres.connect import adopt_database_option
from tasks.contract.load import load_contract
from tasks.core.policy import load_policy
from tasks.core.windows import PlanError, month_of
from tasks.extract.check_queries import check_texts
from tasks.job.journal import close_job_when_stopped
from tasks.job.stop import explain_memory, raise_if_stopped, watch_for_stop
from tasks.run.import_request import ImportRequest
from tasks.run.request import BackfillRequest, MonitorRequest, Request, ScoreRequest, TrainRequest

R = TypeVar("R")
P = ParamSpec("P")
AnyRequest = TypeVar("AnyRequest", bound=Request)

# Spreads a record's fields over the command line.
SPREAD = Parameter(name="*")
POLICY_HELP = Parameter(help="Limits other than the default: a TOML file, such as `[drift]` with `label_limit = 0.05`.")
MONTH_HELP = Parameter(help="The window as a month, such as 2024-08, in place of --start and --end.")


def takes(record: type[AnyRequest]) -> Callable[[Callable[[AnyRequest], R]], Callable[..., R]]:
    """Give a function of one record the record's fields as its keyword parameters.

    Prefect reads a flow's parameters, their defaults and bounds from its signature, and their descriptions from its
    docstring: both are made of the record.
    """
    fields = record.model_fields
    parameters = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if field.is_required() else field.default,
            annotation=field.rebuild_annotation(),
        )
        for name, field in fields.items()
    ]
    described = "\n".join(f"    {name}: {field.description}" for name, field in fields.items())

    def decorate(function: Callable[[AnyRequest], R]) -> Callable[..., R]:
        @wraps(function)
        def run(**given: Any) -> R:
            with watch_for_stop():
                return _run_to_its_end(function, record(**given))

        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        run.__doc__ = f"{record.__doc__}\n\nArgs:\n{described}\n"
        del run.__wrapped__
        return run

    return decorate


def _run_to_its_end(function: Callable[[AnyRequest], R], request: AnyRequest) -> R:
    """Run a flow's function: told to stop, it writes its end first; short of memory, it says what to do."""
    try:
        with close_job_when_stopped():
            return function(request)
    except BaseException as error:
        raise_if_stopped(error)
        if (lack := explain_memory(error)) is not None:
            raise lack from error
        raise


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
