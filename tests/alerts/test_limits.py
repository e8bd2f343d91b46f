"""With a changed limit, the same data are neither a recovery nor a new change: the limit is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from tasks.alerts.limits import JUDGED_BY, explain_by_limits
from tasks.alerts.repeats import EarlierRun, FindingChanges, compare_with_earlier, fingerprint, read_earlier
from tasks.core.findings import Finding, Question, Verdict, judge
from tasks.core.policy import DriftPolicy, MonitorPolicy
from tasks.job.start import save_start
from tests.alerts.test_recovered import plan, register_two, save

MEASURED = Finding(
    Question.LABEL, "approval_rate", Verdict.PASS, "4 points more.", effect=0.04, unit="share", limit=0.03,
    p_value=1e-6, level=0.005,
)  # fmt: skip
MARK = fingerprint(MEASURED)
SAID = "drift.label_limit is 0.05 now, 0.03 in the run before"


def at(limit: float, effect: float = 0.04) -> Finding:
    return judge(replace(MEASURED, limit=limit, effect=effect))


def run(finding: Finding, changed: dict[str, Any] | None) -> EarlierRun:
    bars = {fingerprint(finding): (finding.limit, finding.level)}
    return EarlierRun({fingerprint(finding): finding.verdict}, frozenset(), 1, changed, bars)


def compare(now: Finding, changed: dict[str, Any], before: EarlierRun) -> FindingChanges:
    changes = compare_with_earlier([now], False, [before], 3, 1)
    return explain_by_limits(changes, [now], changed, [before], 1)


def test_a_looser_limit_is_no_recovery():
    changes = compare(at(0.05), {"drift.label_limit": 0.05}, run(at(0.03), {}))
    assert changes.recovered == ()
    assert changes.relaxed == (MARK,)
    assert changes.by_limit == {MARK: SAID}


def test_only_the_limits_of_the_check_are_named():
    """Of a column that is often missing, the limit that it was judged by has another value than the policy's."""
    own = replace(MEASURED, question=Question.DATA, check="distribution", subject="income")
    before = run(judge(replace(own, limit=0.0306)), {})
    now = judge(replace(own, limit=0.0918))
    changes = compare(now, {"drift.distribution_limit": 0.09, "drift.missing_limit": 0.09}, before)
    assert changes.by_limit == {
        "data/distribution/income": "drift.distribution_limit is 0.09 now, 0.06 in the run before"
    }


def test_every_limit_that_is_named_is_one_of_the_policy():
    assert {name for names in JUDGED_BY.values() for name in names} <= set(DriftPolicy.model_fields)


def test_a_stricter_limit_is_why_an_alarm_is_new():
    now = at(0.03)
    changes = compare(now, {}, run(at(0.05), {"drift.label_limit": 0.05}))
    assert changes.new == (now,)
    assert changes.relaxed == ()
    assert changes.by_limit == {MARK: "drift.label_limit is 0.03 now, 0.05 in the run before"}


@pytest.mark.parametrize(
    ("now", "changed", "before", "why"),
    [
        (at(0.05, effect=0.001), {"drift.label_limit": 0.05}, run(at(0.03), {}), "it is over by the old limit, too"),
        (at(0.03, effect=0.001), {}, run(at(0.03), {}), "no limit was changed"),
        (at(0.03, effect=0.001), {"quality.minimum_rows": 300}, run(at(0.03), {}), "another part's limit was changed"),
        (at(0.05), {"drift.label_limit": 0.05}, run(at(0.03), None), "the earlier limits were not recorded"),
    ],
)
def test_a_recovery_stays_one(now, changed, before, why):
    changes = compare(now, changed, before)
    assert changes.recovered == (MARK,), why
    assert changes.by_limit == {}


def test_a_greater_change_is_new_by_itself():
    before = run(at(0.05, effect=0.001), {"drift.label_limit": 0.05})
    assert compare(at(0.03, effect=0.09), {}, before).by_limit == {}


def test_a_quality_check_that_names_only_faults_claims_no_recovery():
    rows = Finding(Question.QUALITY, "rows", Verdict.FAIL, "150 rows.", effect=150, unit="rows", limit=200)
    fit = replace(rows, verdict=Verdict.PASS, limit=100)
    changes = compare(fit, {"quality.minimum_rows": 100}, run(rows, {}))
    assert changes.by_limit == {"quality/rows/": "quality.minimum_rows is 100 now, 200 in the run before"}
    same = compare(replace(fit, effect=400, limit=200), {"quality.sample": 1}, run(rows, {}))
    assert same.recovered == ("quality/rows/",)


def test_the_limits_of_a_run_are_kept_with_it(engine):
    versions = register_two(engine)
    loose = MonitorPolicy(drift=DriftPolicy(label_limit=0.05))
    save_start(replace(plan(1), policy=loose), "flow-run", "http://server/runs/flow-run/1")
    save(1, versions[0], at(0.05))
    with engine.connect() as connection:
        (earlier,) = read_earlier(connection, plan(2))
        page = connection.execute(text("select flow_run_page from loanwatch.run_start")).scalar_one()
    assert earlier.changed_limits == {"drift.label_limit": 0.05}
    assert earlier.bars[MARK] == (0.05, 0.005)
    assert page == "http://server/runs/flow-run/1"
