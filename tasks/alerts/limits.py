"""Changed limits between runs: the same data are no recovery, and no new change, where only a limit was changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tasks.alerts.repeats import EarlierRun, FindingChanges, fingerprint
from tasks.core.changed_limits import read_default_limits, say_limit
from tasks.core.findings import Finding, Question, Verdict, judge
from tasks.core.wording import join_list

Bars = tuple[float | None, float | None]
# What a check is judged by. Where a column is often missing, or a decision is rare, its own limit has another value.
JUDGED_BY = {
    "distribution": ("distribution_limit", "columns_level"),
    "never_seen": ("never_seen_limit", "columns_level"),
    "missing": ("missing_limit", "columns_level"),
    "joint_shape": ("joint_limit", "joint_level"),
    "approval_rate": ("label_limit", "label_level", "rare_limit"),
    "score_curve": ("concept_limit", "concept_level", "rare_limit"),
    "by_column": ("concept_column_limit", "concept_level", "rare_limit"),
    "auc": ("auc_limit", "model_level"),
    "calibration": ("calibration_limit", "model_level", "rare_limit"),
}


def explain_by_limits(
    changes: FindingChanges,
    findings: Sequence[Finding],
    changed_limits: Mapping[str, Any],
    earlier: Sequence[EarlierRun],
    champion: int | None = None,
) -> FindingChanges:
    """The changes of a run, with what is new or no longer an alarm because a limit was changed told apart.

    A drift finding is judged again by the limit and the level of the earlier run. Where that cannot be done, and a
    limit of its part of the policy was changed, the limit is named, and no recovery is claimed.

    Parameters
    ----------
    changes : FindingChanges
        What `compare_with_earlier` has found.
    findings : sequence of Finding
        All of this run's.
    changed_limits : mapping
        This run's limits that differ from the defaults, by their names, such as drift.label_limit.
    earlier : sequence of EarlierRun
        The latest first. Runs whose limits were not recorded explain nothing.
    champion : int
        The version that judged this run's window, None where it was unfit.
    """
    by_mark = {fingerprint(finding): finding for finding in findings}
    said: dict[str, str] = {}
    for mark in [*map(fingerprint, changes.new), *changes.recovered]:
        before = next((run for run in earlier if run.has_answered(mark, champion)), None)
        if before is None or before.changed_limits is None:
            continue
        limits = _list_differences(mark.split("/")[0], changed_limits, before.changed_limits)
        if limits and _is_by_limit(by_mark.get(mark), before, mark):
            said[mark] = _name_limits(mark, limits, by_mark.get(mark), before.bars.get(mark))
    return replace(changes, recovered=tuple(mark for mark in changes.recovered if mark not in said), by_limit=said)


def _is_by_limit(finding: Finding | None, before: EarlierRun, mark: str) -> bool:
    """Whether the same numbers, judged by the earlier limit and level, would have had the earlier answer."""
    limit, level = before.bars.get(mark, (None, None))
    if finding is None or finding.p_value is None or finding.effect is None:
        return finding is None or limit is None or limit != finding.limit
    again = judge(replace(finding, limit=limit, level=level)).verdict
    return (again is Verdict.FAIL) == (mark in before.troubles)


def _list_differences(question: str, now: Mapping[str, Any], before: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """The limits of a question's part of the policy that differ between two runs: name, now, before."""
    part = "quality." if question == Question.QUALITY else "drift."
    defaults, names = read_default_limits(), sorted({*now, *before})
    pairs = [(name, now.get(name, defaults.get(name)), before.get(name, defaults.get(name))) for name in names]
    return [(name, new, old) for name, new, old in pairs if name.startswith(part) and new != old]


def _name_limits(mark: str, limits: Sequence[tuple[str, Any, Any]], finding: Finding | None, bars: Bars | None) -> str:
    """The changed limits that the finding was judged by, as far as the check or their values tell; else all of them."""
    judged_by = JUDGED_BY.get(mark.split("/")[1], ())
    own = [entry for entry in limits if entry[0].partition(".")[2] in judged_by]
    if not own:
        now = (finding.limit, finding.level) if finding else ()
        own = [entry for entry in limits if entry[1] in now or (bars is not None and entry[2] in bars)]
    words = [f"{name} is {say_limit(new)} now, {say_limit(old)} in the run before" for name, new, old in own or limits]
    return join_list(words)
