"""Levels: how far a change had gone when a run answered it, and whether it has gone any further.

A change that stays is an alarm once. The days since its onset, in the window of the run that answered it, are its
level: a later window is alarmed where it differs from the champion's reference and from that level, each significantly
and by more than the limit. Where it differs from the reference only, it is known. A level is replaced by the next alarm
only, so that a slow trend alarms at each step of the limit; and it ends with the first window in which the change is
gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from tasks.changes.past_runs import PastRun, Settlement, find_first_day, name_families
from tasks.core.findings import DRIFT_QUESTIONS, Answer, Finding, Question, Verdict
from tasks.core.windows import Window

# A level is measured over so many days at least: those of a change that was found on its second day are too few.
LEVEL_DAYS = 14
MOST_LEVELS = 3  # of a change, the latest: each is a comparison
# Whatever changes the applicants or the rule may change these, too.
_AFFECTED = (Question.LABEL, Question.CONCEPT, Question.MODEL)


@dataclass(frozen=True)
class Level:
    """The days of a change's level, and which run has answered it; `since` is the first day on which it was seen."""

    window: Window
    since: date
    job_id: str
    how: str

    def as_answer(self) -> Answer:
        """As a finding keeps it."""
        return Answer(
            self.job_id, str(self.since), self.window.start.isoformat(), self.window.end.isoformat(), self.how
        )


def find_levels(findings: Sequence[Finding], past: Sequence[PastRun]) -> dict[int, tuple[Level, ...]]:
    """The levels that each alarm is to be held against.

    Parameters
    ----------
    findings : sequence of Finding
        Of the present run, judged against the champion's reference.
    past : sequence of PastRun
        Earlier windows, the latest first.

    Returns
    -------
    dict of int to tuple of Level
        By the position of the alarm, the latest first; without alarms of changes that no run has answered.
    """
    levels: dict[int, tuple[Level, ...]] = {}
    for place, finding in enumerate(findings):
        if finding.verdict is Verdict.FAIL and finding.question in DRIFT_QUESTIONS:
            chosen = _choose_levels(finding, past)
            if chosen:
                levels[place] = chosen
    return levels


def find_open_levels(family: str, past: Sequence[PastRun]) -> list[Level]:
    """The levels of a family's change that was answered and has lasted since, the latest first.

    A change that went further and then back is at an earlier one of them.
    """
    levels: dict[Window, Level] = {}
    for run in past:
        verdict, said = run.judge(family), run.settlements.get(family)
        if verdict is Verdict.PASS or (said is not None and said.action == "reopen"):
            break
        level = None if verdict is None else _read_level(run, family, verdict, said)
        if level is not None and _is_reopened(level, family, past):
            break
        if level is not None:
            levels.setdefault(level.window, level)
    return sorted(levels.values(), key=lambda level: level.window.end, reverse=True)


def _choose_levels(finding: Finding, past: Sequence[PastRun]) -> tuple[Level, ...]:
    """The latest levels of the finding's own change and of those that may have caused it."""
    own = [level for family in name_families(finding) for level in find_open_levels(family, past)]
    causes = [level for family in _list_causes(finding, past) for level in find_open_levels(family, past)]
    # A change that has ended may not hide behind the level of another one that began with it.
    causes = [level for level in causes if own or _was_quiet(finding, level, past)]
    since = min((level.since for level in own), default=None)
    told = [replace(level, since=min(since or level.since, level.since)) for level in [*causes, *own]]
    by_window = {level.window: level for level in told}
    return tuple(sorted(by_window.values(), key=lambda level: level.window.end, reverse=True)[:MOST_LEVELS])


def _was_quiet(finding: Finding, level: Level, past: Sequence[PastRun]) -> bool:
    run = next((run for run in past if run.job_id == level.job_id), None)
    verdicts = [run.judge(family) for family in name_families(finding)] if run else []
    return run is not None and not any(verdict in (Verdict.FAIL, Verdict.KNOWN) for verdict in verdicts)


def _list_causes(finding: Finding, past: Sequence[PastRun]) -> list[str]:
    """The families whose change may be what an alarm shows: of a column none but its own."""
    if finding.question is Question.DATA and finding.check != "joint_shape":
        return []
    columns = dict.fromkeys(
        family for run in past for one in run.findings if one.question is Question.DATA for family in name_families(one)
    )
    return [*columns, *(map(str, _AFFECTED) if finding.question in _AFFECTED else [])]


def _read_level(run: PastRun, family: str, verdict: Verdict, said: Settlement | None) -> Level | None:
    """What a run with a change of that family says of its level; None where it has answered nothing."""
    found = run.list_findings(family)
    answers = [finding.answer for finding in found if finding.answer is not None]
    first = find_first_day(found, run.window)
    since = min((date.fromisoformat(answer.since) for answer in answers), default=first)
    days = Window(first, max(run.window.end, first + timedelta(days=LEVEL_DAYS - 1)))
    if said is not None:
        return Level(days, since, run.job_id, f"accepted by {said.who}: {said.why}")
    if verdict is Verdict.KNOWN:
        latest = max(answers, key=lambda answer: answer.end, default=None)
        if latest is None:
            return None
        known = Window(date.fromisoformat(latest.start), date.fromisoformat(latest.end))
        return Level(known, date.fromisoformat(latest.since), latest.job_id, latest.how)
    if run.has_answered and any(finding.verdict is Verdict.FAIL for finding in run.findings):
        return Level(days, since, run.job_id, run.how)
    return None


def _is_reopened(level: Level, family: str, past: Sequence[PastRun]) -> bool:
    run = next((run for run in past if run.job_id == level.job_id), None)
    said = run.settlements.get(family) if run is not None else None
    return said is not None and said.action == "reopen"


def mark_known(
    findings: Sequence[Finding],
    levels: Mapping[int, Sequence[Level]],
    compared: Mapping[Window, Sequence[Finding]],
) -> list[Finding]:
    """The findings with each alarm that only repeats an answered change marked as known.

    Parameters
    ----------
    findings : sequence of Finding
        Of the present run, judged against the reference.
    levels : mapping of int to sequence of Level
        By the position of an alarm.
    compared : mapping of Window to sequence of Finding
        The same questions, asked against the days of a level. Without the days of a level (they cannot be compared with
        yet), its change is known as long as it lasts.

    Returns
    -------
    list of Finding
        An alarm that differs from all its levels stays one, and says so.
    """
    return [_mark(finding, levels.get(place, ()), compared) for place, finding in enumerate(findings)]


def _mark(finding: Finding, levels: Sequence[Level], compared: Mapping[Window, Sequence[Finding]]) -> Finding:
    differs = False
    for level in levels:
        further = _find_same(finding, compared[level.window]) if level.window in compared else []
        if any(one.verdict is Verdict.FAIL for one in further):
            differs = True
        elif level.window not in compared or any(one.effect is not None for one in further):
            return _say_known(finding, level)
    if not differs:
        return finding
    latest = levels[0]
    said = f"It has gone further than the change known since {latest.since}, which run {latest.job_id} answered."
    return replace(finding, sentence=f"{finding.sentence} {said}", answer=latest.as_answer())


def _say_known(finding: Finding, level: Level) -> Finding:
    """The finding as a known one. That its change began before the window goes without saying."""
    seen = finding.sentence.removesuffix(finding.onset.sentence).strip() if finding.onset else finding.sentence
    said = f"Known since {level.since}, answered by run {level.job_id}: {level.how}. No further change."
    answer = level.as_answer()
    return replace(finding, verdict=Verdict.KNOWN, sentence=f"{seen} {said}", answer=answer, onset=None)


def _find_same(finding: Finding, others: Sequence[Finding]) -> list[Finding]:
    """The same check of the same columns; where it could not be asked, the other checks of the question.

    Columns that are missing together may not be so in the other days.
    """
    asked = [one for one in others if one.question is finding.question]
    same = [one for one in asked if one.check == finding.check and _shares_subject(one, finding)]
    return same if any(one.effect is not None for one in same) else asked


def _shares_subject(one: Finding, other: Finding) -> bool:
    return bool(set(one.columns) & set(other.columns)) if one.check == "missing" else one.subject == other.subject
