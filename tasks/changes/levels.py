"""Levels: how far a change had gone when a run answered it, and whether it has gone any further.

A change that stays is an alarm once. The days since its onset, in the window of the run that answered it, are its
level: a later window is alarmed where it differs from the champion's reference and from that level, each significantly
and by more than the limit. Where it differs from the reference only, it is known. A level of few days shows a second
change badly, so a window is held against it together with the quiet windows after it as well: to be known it may differ
from neither. The next alarm makes another level: a slow trend alarms at each step of the limit, and what went further
and back is at an earlier one. All levels end with the first window in which the change is gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from tasks.changes.past_runs import CHANGED, PastRun, find_first_day, name_families
from tasks.core.findings import DRIFT_QUESTIONS, Answer, Finding, Question, Verdict
from tasks.core.windows import Window

# A level is measured over so many days at least: those of a change that was found on its second day are too few.
LEVEL_DAYS = 14
# A window of n rows is told from a level of as many by √2 times the error that it has beside a large reference, from
# one of four times as many by 1.1 times. In more than a quarter of a year a season turns.
LEVEL_GROWTH, LEVEL_ROWS, LONGEST_LEVEL = 4, 40_000, 92
MOST_LEVELS = 3  # of a change, the latest: each is a comparison
# Whatever changes the applicants or the rule may change these, too.
_AFFECTED = (Question.LABEL, Question.CONCEPT, Question.MODEL)


@dataclass(frozen=True)
class Level:
    """The days of a change's level, and which run has answered it.

    `since` is the first day on which it was seen; `longer` the level's days with quiet ones after them, if there are
    any.
    """

    window: Window
    since: date
    job_id: str
    how: str
    is_accepted: bool = False
    longer: Window | None = None

    @property
    def windows(self) -> tuple[Window, ...]:
        """What a later window is held against."""
        return (self.window,) if self.longer is None else (self.window, self.longer)

    def as_answer(self) -> Answer:
        """As a finding keeps it."""
        start, end = self.window.start.isoformat(), self.window.end.isoformat()
        return Answer(self.job_id, self.since.isoformat(), start, end, self.how, self.is_accepted)


def read_level(answer: Answer) -> Level:
    """The level that a known finding keeps."""
    days = Window(date.fromisoformat(answer.start), date.fromisoformat(answer.end))
    return Level(days, date.fromisoformat(answer.since), answer.job_id, answer.how, answer.is_accepted)


def find_levels(
    findings: Sequence[Finding], past: Sequence[PastRun], window: Window, rows: int
) -> dict[int, tuple[Level, ...]]:
    """The levels that each alarm is to be held against.

    Parameters
    ----------
    findings : sequence of Finding
        Of the present run, judged against the champion's reference.
    past : sequence of PastRun
        Earlier windows, the latest first.
    window : Window
        The present one. No level becomes so long that it reaches into it.
    rows : int
        Applications of the present window: a level has no use for many times as many.

    Returns
    -------
    dict of int to tuple of Level
        By the position of the alarm, the latest first; without alarms of changes that no run has answered.
    """
    alarms = [
        place
        for place, finding in enumerate(findings)
        if finding.verdict is Verdict.FAIL and finding.question in DRIFT_QUESTIONS
    ]
    if not alarms:
        return {}
    families = dict.fromkeys(family for run in past for family in run.verdicts)
    last = window.start - timedelta(days=1)
    enough = window.days * min(LEVEL_GROWTH, LEVEL_ROWS / max(rows, 1))
    opened = {
        family: [lengthen(level, past, last, min(round(enough), LONGEST_LEVEL)) for level in levels]
        for family in families
        if (levels := find_open_levels(family, past))
    }
    chosen = {place: _choose_levels(findings[place], opened, past) for place in alarms}
    return {place: levels for place, levels in chosen.items() if levels}


def find_open_levels(family: str, past: Sequence[PastRun]) -> list[Level]:
    """The levels of a family's change that was answered and has lasted since, the latest first."""
    levels: dict[Window, Level] = {}
    for run in past:
        verdict = run.verdicts.get(family)
        if verdict is Verdict.PASS or run.is_reopened(family):
            break
        level = None if verdict is None else _read_level(run, family, verdict)
        if level is None:
            continue
        answered = _find_run(level.job_id, past)
        if answered is not None and answered.is_reopened(family):
            break
        levels.setdefault(level.window, level)
    return sorted(levels.values(), key=lambda level: level.window.end, reverse=True)


def lengthen(level: Level, past: Sequence[PastRun], last: date, days: int) -> Level:
    """The level and, in `longer`, its days with those after them on which runs found nothing new, one after the other.

    Parameters
    ----------
    level : Level
        Of the run that answered it.
    past : sequence of PastRun
        Earlier windows, the latest first.
    last : date
        The last day that it may have.
    days : int
        How long it may become.
    """
    end, stop = level.window.end, min(last, level.window.start + timedelta(days=days - 1))
    for run in reversed(past):
        if run.window.end <= end:
            continue
        if end >= stop or not run.is_quiet or run.window.start > end + timedelta(days=1):
            break
        end = min(run.window.end, stop)
    return level if end == level.window.end else replace(level, longer=Window(level.window.start, end))


def _choose_levels(
    finding: Finding, opened: Mapping[str, Sequence[Level]], past: Sequence[PastRun]
) -> tuple[Level, ...]:
    """The latest levels of the finding's own change and of those that may have caused it."""
    families = name_families(finding)
    own = [level for family in families for level in opened.get(family, ())]
    causes = [level for family in opened if _may_cause(family, finding) for level in opened[family]]
    # A change that has ended may not hide behind the level of another one that began with it.
    causes = [level for level in causes if own or _was_quiet(families, level, past)]
    since = min((level.since for level in own), default=None)
    told = [replace(level, since=min(since or level.since, level.since)) for level in [*causes, *own]]
    by_window = {level.window: level for level in told}
    return tuple(sorted(by_window.values(), key=lambda level: level.window.end, reverse=True)[:MOST_LEVELS])


def _may_cause(family: str, finding: Finding) -> bool:
    """Whether a change of that family may be what an alarm shows: of a column none but its own."""
    is_column = family.startswith(f"{Question.DATA}/")
    if finding.question is Question.DATA:
        return is_column and finding.check == "joint_shape"
    return is_column or family in _AFFECTED


def _was_quiet(families: Sequence[str], level: Level, past: Sequence[PastRun]) -> bool:
    """Whether the run that made a level found nothing of those families."""
    run = _find_run(level.job_id, past)
    return run is not None and not any(run.verdicts.get(family) in CHANGED for family in families)


def _find_run(job_id: str, past: Sequence[PastRun]) -> PastRun | None:
    return next((run for run in past if run.job_id == job_id), None)


def _read_level(run: PastRun, family: str, verdict: Verdict) -> Level | None:
    """What a run with a change of that family says of its level; None where it has answered nothing."""
    found, said = run.list_findings(family), run.settlements.get(family)
    answers = [finding.answer for finding in found if finding.answer is not None]
    if verdict is Verdict.KNOWN and said is None:
        latest = max(answers, key=lambda answer: answer.end, default=None)
        return None if latest is None else read_level(latest)
    first = find_first_day(found, run.window)
    since = min((date.fromisoformat(answer.since) for answer in answers), default=first)
    days = Window(first, max(run.window.end, first + timedelta(days=LEVEL_DAYS - 1)))
    if said is not None:
        return Level(days, since, run.job_id, f"accepted by {said.who}: {said.why}", is_accepted=True)
    if run.has_answered and any(finding.verdict is Verdict.FAIL for finding in run.findings):
        return Level(days, since, run.job_id, run.how)
    return None


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
        asked = [compared[window] for window in level.windows if window in compared]
        further = [one for others in asked for one in _find_same(finding, others)]
        if any(one.verdict is Verdict.FAIL for one in further):
            differs = True
        elif not asked or any(one.effect is not None for one in further):
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
