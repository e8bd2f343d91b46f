"""Which limits differ from the defaults."""

from __future__ import annotations

from tasks.core.cadence import Cadence
from tasks.core.changed_limits import list_changed_limits
from tasks.core.policy import DriftPolicy, MonitorPolicy, QualityPolicy


def list_names(policy: MonitorPolicy) -> list[str]:
    """The changed limits of a policy in words."""
    return [str(limit) for limit in list_changed_limits(policy.model_dump(mode="json"))]


def test_the_default_policy_has_no_changed_limit() -> None:
    assert list_names(MonitorPolicy()) == []


def test_each_changed_limit_has_its_path_its_value_and_its_default() -> None:
    policy = MonitorPolicy(quality=QualityPolicy(minimum_rows=500), drift=DriftPolicy(label_limit=0.05))
    default = DriftPolicy().label_limit
    assert list_names(policy) == [
        "quality.minimum_rows 500 (default 200)",
        f"drift.label_limit 0.05 (default {default:g})",
    ]


def test_a_cadence_that_a_run_settles_is_no_changed_limit() -> None:
    assert list_names(MonitorPolicy(drift=DriftPolicy(cadence=Cadence.DAILY))) == []


def test_a_record_of_before_a_limit_existed_has_its_default() -> None:
    assert list_changed_limits({"quality": {"minimum_rows": 200}}) == []
