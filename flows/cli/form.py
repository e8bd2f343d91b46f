"""Form: a flow's parameters in the Prefect UI, from the record that the flow takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar, cast

from prefect.context import TagsContext
from pydantic import BaseModel, Field, ValidationError, create_model
from pydantic.fields import FieldInfo

from blocks.errors import UsageError
from tasks.core.validation_messages import describe_mistakes
from tasks.job.journal import close_job_when_stopped
from tasks.job.stop import explain_memory, raise_if_stopped, watch_for_stop
from tasks.run.request import Request

R = TypeVar("R")
AnyRequest = TypeVar("AnyRequest", bound=Request)


class FormError(UsageError):
    """A form holds what its flow cannot take; nothing was started."""


def takes(record: type[AnyRequest]) -> Callable[[Callable[[AnyRequest], R]], Callable[..., R]]:
    """Give a function of one record the record's fields as its keyword parameters.

    Prefect reads a flow's parameters, their defaults and bounds from its signature, and their descriptions from its
    docstring: both are made of the record. The flow should leave the check of them to the record
    (`validate_parameters=False`), whose errors are sentences.
    """
    fields = record.model_fields
    parameters = [_make_parameter(name, field) for name, field in fields.items()]
    described = "\n".join(f"    {name}: {field.description}" for name, field in fields.items())

    def decorate(function: Callable[[AnyRequest], R]) -> Callable[..., R]:
        @wraps(function)
        def run(**given: Any) -> R:
            # A task with a tag asks the server for a slot first, and fails without one: the tags are the run's alone.
            with watch_for_stop(), TagsContext(current_tags=set()):
                return _run_to_its_end(function, read_form(record, given))

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


def read_form(record: type[AnyRequest], given: Mapping[str, Any]) -> AnyRequest:
    """The request of a form. Raises FormError, which names every mistake in it, or PlanError for impossible days."""
    try:
        request = record(**_drop_closed(record, given))
    except ValidationError as error:
        counted, _, mistakes = describe_mistakes(error, dict(given), "field").partition("\n")
        raise FormError(f"The form has {counted} {'; '.join(map(str.strip, mistakes.splitlines()))}.") from None
    for days in ("window", "reference"):
        getattr(request, days, None)
    return request


def _make_parameter(name: str, field: FieldInfo) -> inspect.Parameter:
    group = _read_group(field)
    default = inspect.Parameter.empty if field.is_required() else field.default
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None if group else default,
        annotation=_close(group) if group else field.rebuild_annotation(),
    )


def _read_group(field: FieldInfo) -> type[BaseModel] | None:
    """The record that a field holds, such as the limits; None for a plain value."""
    is_group = isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
    return cast(type[BaseModel], field.annotation) if is_group else None


def _close(group: type[BaseModel]) -> Any:
    """A group as a form shows it: closed, and so is each group in it, until a person opens it.

    Prefect's form shows every field of a group that is not None; of the limits these would be sixty.
    """
    inner: dict[str, Any] = {}
    for name, field in group.model_fields.items():
        if (part := _read_group(field)) is not None:
            about = str(part.__doc__).split("\n", maxsplit=1)[0]
            inner[name] = (_close(part), Field(None, description=about))
    shown = create_model(group.__name__, __doc__=group.__doc__, __base__=group, **inner) if inner else group
    return shown | None


def _drop_closed(record: type[BaseModel], given: Mapping[str, Any]) -> dict[str, Any]:
    """What was given, without the groups that stayed closed."""
    kept: dict[str, Any] = {}
    for name, value in given.items():
        group = _read_group(record.model_fields[name]) if name in record.model_fields else None
        if group is None or isinstance(value, BaseModel):
            kept[name] = value
        elif isinstance(value, Mapping):
            kept[name] = _drop_closed(group, value)
        elif value is not None:
            kept[name] = value
    return kept
