"""The policy: bounded limits, readable from a file, every mistake told at once."""

import pytest

from tasks.core.policy import MonitorPolicy, PolicyError, load_policy


def test_without_a_file_all_limits_are_the_default():
    assert load_policy(None) == MonitorPolicy()


def test_a_file_changes_what_it_names_and_nothing_else(tmp_path):
    file = tmp_path / "policy.toml"
    file.write_text("[drift]\nlabel_limit = 0.05\n[alerts]\nwhen_stable = true\n")
    policy = load_policy(file)
    assert policy.drift.label_limit == 0.05
    assert policy.drift.auc_limit == MonitorPolicy().drift.auc_limit
    assert policy.alerts.when_stable


def test_every_mistake_is_told_at_once(tmp_path):
    file = tmp_path / "policy.toml"
    file.write_text("[drift]\nlabel_limt = 0.05\nauc_limit = 2\n[quality]\nminimum_rows = 'many'\n")
    with pytest.raises(PolicyError) as error:
        load_policy(file)
    for told in ("3 mistakes", "label_limt: no such limit", "auc_limit", "minimum_rows"):
        assert told in str(error.value)


def test_an_old_name_is_answered_with_the_new_one(tmp_path):
    file = tmp_path / "policy.toml"
    file.write_text("[drift]\nlabel_floor = 0.05\n[promotion]\nturn_seconds = 9\n")
    with pytest.raises(PolicyError) as error:
        load_policy(file)
    assert "`label_floor` is now called `label_limit`" in str(error.value)
    assert "`turn_seconds` is now called `lock_seconds`" in str(error.value)


def test_a_missing_or_broken_file_is_told(tmp_path):
    with pytest.raises(PolicyError, match="cannot be read"):
        load_policy(tmp_path / "nowhere.toml")
    broken = tmp_path / "policy.toml"
    broken.write_text("drift = ")
    with pytest.raises(PolicyError, match="not valid TOML"):
        load_policy(broken)


def test_every_limit_is_described():
    """The policy is the form in the Prefect UI."""

    def walk(model):
        for name, field in model.model_fields.items():
            if isinstance(field.default, MonitorPolicy.__base__):
                yield from walk(type(field.default))
            else:
                yield name, field.description

    described = dict(walk(MonitorPolicy))
    assert len(described) > 30
    assert not [name for name, description in described.items() if not description]
