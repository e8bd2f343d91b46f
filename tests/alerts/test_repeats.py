"""What is told for the first time, again, not at all, and as over."""

from __future__ import annotations

import pytest

from tasks.alerts.repeats import EarlierRun, compare_with_earlier, describe_recovered, fingerprint
from tasks.core.findings import Finding, Question, Verdict
from tasks.core.positive import Positive

MARK = "data/distribution/credit_score"


def finding(verdict: Verdict = Verdict.FAIL, question: Question = Question.DATA) -> Finding:
    return Finding(question, "distribution", verdict, "It moved.", subject="credit_score")


def run(verdict: Verdict, *, told: bool = False) -> EarlierRun:
    mark = fingerprint(finding(verdict))
    return EarlierRun({mark: verdict}, frozenset([mark] if told else []))


FAIL, PASS, WARN = Verdict.FAIL, Verdict.PASS, Verdict.WARN
UNFIT = EarlierRun({"quality/rows/": FAIL}, frozenset())  # asked nothing about drift


@pytest.mark.parametrize(
    ("earlier", "place", "why"),
    [
        ([], "new", "the first run"),
        ([run(PASS)], "new", "it was fine before"),
        ([run(WARN)], "new", "it was a note before"),
        ([run(FAIL, told=True)], "silent", "told one run ago"),
        ([run(FAIL), run(FAIL, told=True)], "silent", "told two runs ago"),
        ([run(FAIL), run(FAIL), run(FAIL, told=True)], "still", "told three runs ago: due again"),
        ([UNFIT, run(FAIL, told=True)], "silent", "a run that did not ask does not count"),
        ([run(PASS), run(FAIL, told=True)], "new", "it was over in between"),
        ([run(FAIL), run(FAIL)], "still", "it lasts, and was never told"),
    ],
)
def test_places(earlier: list[EarlierRun], place: str, why: str) -> None:
    news = compare_with_earlier([finding()], False, earlier, every=3)
    assert getattr(news, place) == (finding(),), why
    assert len(news.new + news.still + news.silent) == 1
    assert news.recovered == ()


def test_a_lasting_finding_is_told_in_every_third_run() -> None:
    earlier: list[EarlierRun] = []
    told = []
    for _ in range(8):
        news = compare_with_earlier([finding()], False, earlier, every=3)
        told.append("new" if news.new else "still" if news.still else "")
        earlier.insert(0, run(FAIL, told=bool(news.reported)))
    assert told == ["new", "", "", "still", "", "", "still", ""]


def test_an_unfit_window_is_told_in_every_run() -> None:
    unfit = finding(FAIL, Question.QUALITY)
    before = EarlierRun({fingerprint(unfit): FAIL}, frozenset([fingerprint(unfit)]))
    assert compare_with_earlier([unfit], False, [before], every=3).still == (unfit,)
    assert compare_with_earlier([unfit], False, [before, before], every=3).still == (unfit,)


@pytest.mark.parametrize(
    ("now", "earlier", "recovered"),
    [
        ([finding(PASS)], [run(FAIL, told=True)], (MARK,)),
        ([finding(WARN)], [run(FAIL)], (MARK,)),
        ([finding(PASS)], [run(PASS), run(FAIL)], ()),
        ([finding(FAIL)], [run(FAIL)], ()),
        ([finding(Verdict.NOT_ENOUGH_DATA)], [run(FAIL)], ()),
        ([finding(FAIL, Question.QUALITY)], [run(FAIL)], ()),
        ([finding(PASS)], [UNFIT, run(FAIL)], (MARK,)),
    ],
)
def test_recovered(now: list[Finding], earlier: list[EarlierRun], recovered: tuple[str, ...]) -> None:
    assert compare_with_earlier(now, False, earlier, every=3).recovered == recovered


def test_unanswered_questions_are_told_only_where_asked_for() -> None:
    open_question = finding(Verdict.NOT_ENOUGH_DATA)
    assert compare_with_earlier([open_question], False, [], every=3).reported == ()
    assert compare_with_earlier([open_question], True, [], every=3).new == (open_question,)
    assert (
        compare_with_earlier([open_question], True, [run(Verdict.NOT_ENOUGH_DATA, told=True)], every=3).reported == ()
    )


def test_what_recovered_is_told_by_column() -> None:
    marks = (MARK, "quality/rows/", "data/never_seen/credit_score", "data/joint_shape/", "label/approval_rate/")
    assert describe_recovered(marks, Positive("default")) == [
        "data drift: distribution and new values of credit_score",
        "data quality: rows",
        "data drift: joint distribution",
        'label drift: share of "default"',
    ]
