"""Onsets: their sentences, and that findings with and without them are read as they were written."""

from __future__ import annotations

import json
from datetime import date

import pytest

from tasks.core.findings import Finding, Question, Verdict, read_finding
from tasks.core.onset import DayValue, Onset, OnsetKind

BY_DAY = (DayValue(date(2024, 10, 1), 60, 0.3), DayValue(date(2024, 10, 2), 64, 0.5))


def october(day: int) -> date:
    return date(2024, 10, day)


@pytest.mark.parametrize(
    ("kind", "days", "sentence"),
    [
        ("step", (october(14), october(11), october(17)), "Since about 14 October (between 11 and 17 October)."),
        ("step", (october(14), october(14), october(14)), "Since 14 October."),
        (
            "step",
            (october(1), date(2024, 9, 28), october(3)),
            "Since about 1 October (between 28 September and 3 October).",
        ),
        (
            "before",
            (october(1), None, october(1)),
            "The whole window differs: the change began on 1 October or before.",
        ),
        ("before", (october(2), None, october(4)), "The change began by 4 October, and perhaps before the window."),
        ("undated", (None, None, None), "No single day of change can be told."),
    ],
)
def test_the_sentence_says_what_is_known(kind, days, sentence):
    assert Onset(OnsetKind(kind), "share", 0.3, BY_DAY, *days).sentence == sentence


@pytest.mark.parametrize(
    "onset",
    [
        None,
        Onset(OnsetKind.STEP, "share", 0.3, BY_DAY, october(2), october(1), october(2), 0.5),
        Onset(OnsetKind.UNDATED, "share", 0.3, BY_DAY),
    ],
)
def test_a_finding_is_read_as_it_was_written(onset):
    finding = Finding(Question.DATA, "missing", Verdict.FAIL, "", "income", columns=("income",), onset=onset)
    assert read_finding(json.loads(json.dumps(finding.as_record()))) == finding


def test_a_record_from_before_there_were_onsets_is_read():
    record = Finding(Question.DATA, "missing", Verdict.FAIL, "").as_record()
    del record["onset"]
    assert read_finding(record).onset is None
