"""The form of each flow in the Prefect UI: short, in the order of use, and checked when it is handed in."""

from __future__ import annotations

from typing import Any

import pytest
from prefect import tags
from prefect.context import TagsContext
from prefect.utilities.callables import parameter_schema
from prefect.utilities.schema_tools.validation import ValidationError, validate

from flows.backfill import backfill
from flows.cli.form import FormError, read_form, takes
from flows.monitor import monitor
from flows.score import score
from flows.train import train
from tasks.core.policy import MonitorPolicy
from tasks.run.request import MonitorRequest, ScoreRequest

FLOWS = (monitor, score, train, backfill)


def read_schema(flow: Any) -> dict[str, Any]:
    return dict(parameter_schema(flow).model_dump(mode="json", exclude_unset=True))


def hand_in(flow: Any, given: dict[str, Any]) -> None:
    """As Prefect's server does. Raises its ValidationError."""
    validate(given, read_schema(flow), raise_on_error=True)


def test_the_fields_stand_in_the_order_in_which_people_change_them() -> None:
    fields = read_schema(monitor)["properties"]
    assert sorted(fields, key=lambda name: int(fields[name]["position"])) == [
        "start", "end", "trailing_days", "champion", "may_promote", "model_version", "contract", "database",
        "reference_start", "reference_end", "results", "models", "engine", "policy",
    ]  # fmt: skip


def test_the_days_of_a_backfill_come_first() -> None:
    fields = read_schema(backfill)["properties"]
    assert sorted(fields, key=lambda name: int(fields[name]["position"]))[:3] == ["start", "end", "every"]


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_the_limits_are_closed_until_they_are_opened(flow: Any) -> None:
    schema = read_schema(flow)
    fields = schema["properties"]
    assert fields["policy"]["default"] is None
    assert max(fields, key=lambda name: int(fields[name]["position"])) == "policy"
    groups = schema["definitions"]["MonitorPolicy"]["properties"]
    assert set(groups) == set(MonitorPolicy.model_fields)
    assert all(group["default"] is None for group in groups.values())
    assert all(group["description"] for group in groups.values())


def test_nobody_but_a_backfill_says_that_a_run_is_a_part_of_one() -> None:
    assert "backfill" not in read_schema(monitor)["properties"]


@pytest.mark.parametrize(
    ("flow", "given", "said"),
    [
        (monitor, {"start": "31.08.2024"}, "'31.08.2024' does not match"),
        (monitor, {"reference_end": "2024-13-01"}, "'2024-13-01' does not match"),
        (backfill, {"start": "2024/01/01", "end": "2024-12-31"}, "'2024/01/01' does not match"),
        (score, {"trailing_days": 0}, "0 is less than the minimum of 1"),
        (train, {"policy": {"drift": {"label_limit": 7}}}, "7 is greater than the maximum of 1"),
    ],
)
def test_a_mistyped_value_starts_no_run(flow: Any, given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        hand_in(flow, given)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"start": "2024-08-01", "end": "2024-08-31", "champion": 3, "may_promote": False},
        {"start": None, "end": None, "policy": None},
        {"policy": {"drift": {"label_limit": 0.05}, "alerts": None}},
    ],
)
def test_a_good_form_is_taken(given: dict[str, Any]) -> None:
    hand_in(monitor, given)
    read_form(MonitorRequest, given)


def test_what_stayed_closed_has_its_defaults() -> None:
    request = read_form(MonitorRequest, {"policy": {"drift": {"label_limit": 0.05}, "alerts": None}})
    assert request.policy.drift.label_limit == 0.05
    assert request.policy.alerts == MonitorPolicy().alerts
    assert read_form(MonitorRequest, {"policy": None}).policy == MonitorPolicy()
    assert read_form(MonitorRequest, {"policy": request.policy}).policy is request.policy


def test_every_mistake_is_told_in_one_sentence() -> None:
    with pytest.raises(FormError) as refused:
        read_form(MonitorRequest, {"start": "31.08.2024", "trailing_days": 0, "nope": 1})
    said = str(refused.value)
    assert said.startswith("The form has 3 mistakes: start: Input should be a valid date")
    assert "nope: no such field; check the spelling" in said
    assert "\n" not in said


def test_the_tags_of_a_run_are_not_those_of_its_tasks() -> None:
    """A task with a tag asks the server for a slot before it runs, and fails where the server is gone."""
    seen = []

    def note(request: ScoreRequest) -> None:
        seen.append(set(TagsContext.get().current_tags))

    with tags("loanwatch"):
        takes(ScoreRequest)(note)()
    assert seen == [set()]
