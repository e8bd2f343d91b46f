"""Levels: a change that stays is an alarm once; what goes further, comes back or was opened again is one."""

from datetime import date

import pytest

from tasks.changes.levels import find_levels, find_open_levels, mark_known
from tasks.changes.past_runs import PastRun, Settlement
from tasks.core.findings import Answer, Finding, Outcome, Question, Verdict
from tasks.core.onset import Onset, OnsetKind
from tasks.core.windows import Window, month_of

INCOME = "data/annual_income"
ROWS = 2_000  # of a month


def found(verdict: Verdict, subject: str = "annual_income", **more: object) -> Finding:
    return Finding(Question.DATA, "distribution", verdict, f"{subject} changed.", subject, effect=0.1, **more)


def of_rule(verdict: Verdict, check: str = "score_curve") -> Finding:
    return Finding(Question.CONCEPT, check, verdict, "The rule changed.", effect=0.1)


def run(month: str, *findings: Finding, outcome: Outcome = Outcome.KEPT, **more: object) -> PastRun:
    return PastRun(f"run-{month}", month_of(month), outcome, findings, **more)


def live(*months: tuple[str, list[Finding], list[Finding]]) -> list[list[Finding]]:
    """Months one after the other: each one's findings against the reference, and those against the level."""
    past: list[PastRun] = []
    said = []
    for month, findings, further in months:
        levels = find_levels(findings, past, month_of(month), ROWS)
        compared = {days: further for chosen in levels.values() for level in chosen for days in level.windows}
        marked = mark_known(findings, levels, compared)
        alarmed = any(finding.verdict is Verdict.FAIL for finding in marked)
        past.insert(0, run(month, *marked, outcome=Outcome.KEPT if alarmed else Outcome.STABLE))
        said.append(marked)
    return said


FAIL, SAME = [found(Verdict.FAIL)], [found(Verdict.PASS)]


def test_a_change_that_stays_is_an_alarm_once_and_says_who_answered_it():
    first, second, third = live(("2024-01", FAIL, []), ("2024-02", FAIL, SAME), ("2024-03", FAIL, SAME))
    assert first[0].verdict is Verdict.FAIL
    assert first[0].answer is None
    for later in (second[0], third[0]):
        assert later.verdict is Verdict.KNOWN
        assert later.answer is not None
        assert (later.answer.job_id, later.answer.since) == ("run-2024-01", "2024-01-01")
        assert (later.answer.start, later.answer.end) == ("2024-01-01", "2024-01-31")
        assert "Known since 2024-01-01, answered by run run-2024-01: the champion was kept." in later.sentence


def test_a_further_change_of_the_same_column_is_an_alarm_and_the_new_level():
    said = live(("2024-01", FAIL, []), ("2024-02", FAIL, FAIL), ("2024-03", FAIL, SAME))
    assert [findings[0].verdict for findings in said] == [Verdict.FAIL, Verdict.FAIL, Verdict.KNOWN]
    assert "gone further than the change known since 2024-01-01" in said[1][0].sentence
    assert said[2][0].answer is not None
    assert said[2][0].answer.start == "2024-02-01"


@pytest.mark.parametrize(
    ("between", "expected"),
    [
        (Verdict.PASS, Verdict.FAIL),  # it was gone: what comes back is new
        (Verdict.WARN, Verdict.KNOWN),  # smaller, but still there
        (Verdict.NOT_ENOUGH_DATA, Verdict.KNOWN),  # that month could not say
    ],
)
def test_what_comes_back_after_it_was_gone_is_new(between: Verdict, expected: Verdict):
    said = live(("2024-01", FAIL, []), ("2024-02", [found(between)], SAME), ("2024-03", FAIL, SAME))
    assert said[2][0].verdict is expected


def test_another_column_is_an_alarm_however_alike_its_level():
    said = live(
        ("2024-01", FAIL, []), ("2024-02", [*FAIL, found(Verdict.FAIL, "term")], [*SAME, found(Verdict.PASS, "term")])
    )
    assert [finding.verdict for finding in said[1]] == [Verdict.KNOWN, Verdict.FAIL]


def test_a_rule_that_changes_back_and_again_is_an_alarm_while_another_change_is_known():
    """The open change of the incomes must not hide it: the level of the rule ended when the rule was as before."""
    quiet_rule, changed = of_rule(Verdict.PASS), of_rule(Verdict.FAIL)
    answer = Answer("run-2024-03", "2024-03-01", "2024-03-01", "2024-03-31", "the champion was kept")
    past = [
        run("2024-04", found(Verdict.KNOWN, answer=answer), quiet_rule, outcome=Outcome.STABLE),
        run("2024-03", found(Verdict.FAIL), changed),
    ]
    assert find_open_levels("concept", past) == []
    assert find_open_levels(INCOME, past)
    # In the level of the incomes the rule was the changed one, too: it would look as if nothing had happened.
    assert find_levels([changed], past, month_of("2024-05"), ROWS) == {}


def test_what_an_open_change_may_have_caused_is_held_against_its_level():
    past = [run("2024-03", found(Verdict.FAIL), of_rule(Verdict.PASS))]
    worse = Finding(Question.MODEL, "auc", Verdict.FAIL, "", effect=0.05)
    assert find_levels([worse], past, month_of("2024-04"), ROWS)[0][0].window == month_of("2024-03")


def test_a_run_that_answered_nothing_makes_no_level():
    assert find_open_levels(INCOME, [run("2024-01", found(Verdict.FAIL), outcome=Outcome.UNDECIDED)]) == []


def test_without_the_same_check_in_the_level_the_question_decides_and_without_any_answer_the_alarm_stands():
    past, by_column = [run("2024-01", of_rule(Verdict.FAIL))], of_rule(Verdict.FAIL, "by_column")
    levels = find_levels([by_column], past, month_of("2024-02"), ROWS)
    window = levels[0][0].window
    assert mark_known([by_column], levels, {window: [of_rule(Verdict.PASS)]})[0].verdict is Verdict.KNOWN
    assert mark_known([by_column], levels, {window: [of_rule(Verdict.FAIL)]})[0].verdict is Verdict.FAIL
    assert mark_known([by_column], levels, {window: []})[0].verdict is Verdict.FAIL
    # Days that cannot be compared with yet: no later day could have gone further.
    assert mark_known([by_column], levels, {})[0].verdict is Verdict.KNOWN


def test_a_person_accepts_a_level_or_opens_it_again():
    accepted = {INCOME: Settlement("accept", "the committee", "a campaign")}
    reopened = {INCOME: Settlement("reopen", "the committee", "no campaign")}
    later = run("2024-02", found(Verdict.KNOWN), outcome=Outcome.STABLE, settlements=accepted)
    level = find_open_levels(INCOME, [later, run("2024-01", found(Verdict.FAIL))])[0]
    assert level.window == month_of("2024-02")
    assert (level.how, level.is_accepted) == ("accepted by the committee: a campaign", True)
    assert find_open_levels(INCOME, [run("2024-01", found(Verdict.FAIL), settlements=reopened)]) == []
    after = live(("2024-01", FAIL, []), ("2024-02", FAIL, SAME))[1]
    past = [run("2024-02", *after, outcome=Outcome.STABLE), run("2024-01", *FAIL, settlements=reopened)]
    assert find_open_levels(INCOME, past) == []


def test_a_level_begins_with_the_onset_and_has_two_weeks_at_least():
    onset = Onset(OnsetKind.STEP, "", 0.0, (), date(2024, 2, 20), date(2024, 2, 18), date(2024, 2, 22))
    level = find_open_levels(INCOME, [run("2024-02", found(Verdict.FAIL, onset=onset))])[0]
    assert (level.since, level.window) == (date(2024, 2, 20), Window(date(2024, 2, 20), date(2024, 3, 4)))
    whole = find_open_levels(INCOME, [run("2024-02", found(Verdict.FAIL))])[0]
    assert (whole.since, whole.window) == (date(2024, 2, 1), month_of("2024-02"))


def known(month: str, *, outcome: Outcome = Outcome.STABLE, verdict: Verdict = Verdict.KNOWN) -> PastRun:
    answer = Answer("run-2024-01", "2024-01-01", "2024-01-01", "2024-01-31", "the champion was kept")
    return run(month, found(verdict, answer=answer), outcome=outcome)


def find_level(month: str, *later: PastRun, rows: int = ROWS) -> Window:
    past = sorted([*later, run("2024-01", found(Verdict.FAIL))], key=lambda each: each.window.end, reverse=True)
    return find_levels(FAIL, past, month_of(month), rows)[0][-1].windows[-1]


def test_quiet_months_make_a_level_longer_up_to_a_quarter():
    quiet = [known(month) for month in ("2024-02", "2024-03", "2024-04", "2024-05")]
    assert find_level("2024-02") == month_of("2024-01")
    assert find_level("2024-03", *quiet[:1]) == Window(date(2024, 1, 1), date(2024, 2, 29))
    for count in (3, 4):
        level = find_level(f"2024-{count + 2:02}", *quiet[:count])
        assert level == Window(date(2024, 1, 1), date(2024, 4, 1))  # 92 days


def test_a_level_of_many_applications_stays_as_it_is():
    quiet = [known("2024-02"), known("2024-03")]
    assert find_level("2024-04", *quiet, rows=50_000) == month_of("2024-01")
    # 40,000 are enough: of 20,000 in the 30 days of April those of 60 days.
    assert find_level("2024-04", *quiet, rows=20_000) == Window(date(2024, 1, 1), date(2024, 2, 29))


@pytest.mark.parametrize(
    "between",
    [
        known("2024-02", verdict=Verdict.FAIL, outcome=Outcome.KEPT),  # went further: another level
        known("2024-02", outcome=Outcome.QUALITY_FAILED),
        known("2024-02", outcome=Outcome.UNDECIDED),
        known("2024-03"),  # nobody has looked at February
    ],
)
def test_a_level_ends_before_days_that_nobody_found_quiet(between):
    assert find_level("2024-05", between, known("2024-04")) == month_of("2024-01")


def test_a_level_does_not_reach_into_the_window_that_is_held_against_it():
    """Daily windows of thirty days: the days that both have could not show that it went further."""
    days = [Window(date(2024, 1, 1 + day), date(2024, 1, 30 + day)) for day in range(2)]
    days += [Window(date(2024, 1, 3 + day), date(2024, 2, 1 + day)) for day in range(28)]
    answer = Answer("first", "2024-01-20", "2024-01-20", "2024-02-02", "the champion was kept")
    past = [
        PastRun(f"run of {window}", window, Outcome.STABLE, (found(Verdict.KNOWN, answer=answer),)) for window in days
    ][::-1]
    present = Window(date(2024, 2, 10), date(2024, 3, 10))
    assert find_levels(FAIL, past, present, ROWS)[0][0].longer == Window(date(2024, 1, 20), date(2024, 2, 9))


@pytest.mark.parametrize(
    ("by_level", "by_longer", "expected"),
    [
        (Verdict.PASS, Verdict.PASS, Verdict.KNOWN),
        (Verdict.PASS, Verdict.FAIL, Verdict.FAIL),  # a second change, near the limit
        (Verdict.FAIL, Verdict.PASS, Verdict.FAIL),  # a slow trend, which the longer level has followed
    ],
)
def test_what_differs_from_a_level_or_from_the_longer_one_has_gone_further(by_level, by_longer, expected):
    past = [known("2024-02"), run("2024-01", found(Verdict.FAIL))]
    levels = find_levels(FAIL, past, month_of("2024-03"), ROWS)
    first, longer = levels[0][0].windows
    compared = {first: [found(by_level)], longer: [found(by_longer)]}
    assert mark_known(FAIL, levels, compared)[0].verdict is expected


def test_what_went_further_and_back_is_known():
    """A broken column on top of a changed rule, corrected in the next month."""
    first, second = month_of("2024-01"), month_of("2024-02")
    past = [run("2024-02", of_rule(Verdict.FAIL)), run("2024-01", of_rule(Verdict.FAIL))]
    now = [of_rule(Verdict.FAIL)]
    levels = find_levels(now, past, month_of("2024-03"), ROWS)
    assert [level.window for level in levels[0]] == [second, first]
    marked = mark_known(now, levels, {first: [of_rule(Verdict.PASS)], second: [of_rule(Verdict.FAIL)]})
    assert marked[0].verdict is Verdict.KNOWN
    assert marked[0].answer is not None
    assert marked[0].answer.job_id == "run-2024-01"
    marked = mark_known(now, levels, {first: [of_rule(Verdict.FAIL)], second: [of_rule(Verdict.FAIL)]})
    assert marked[0].verdict is Verdict.FAIL
