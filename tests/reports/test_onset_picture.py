"""The picture of an onset: what is shaded, where the lines are, and in which unit."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from tasks.core.onset import DayValue, Onset, OnsetKind
from tasks.reports.page.onset_picture import draw_onset

FIRST = date(2024, 10, 1)
BY_DAY = tuple(DayValue(FIRST + timedelta(days=day), 60, 0.3 if day < 13 else 0.5) for day in range(31))
STEP = Onset(OnsetKind.STEP, "share", 0.3, BY_DAY, date(2024, 10, 14), date(2024, 10, 11), date(2024, 10, 17), 0.5)


def find_numbers(picture: str, element: str, style: str, *names: str) -> list[tuple[float, ...]]:
    tags = re.findall(rf'<{element} class="{style}"[^>]*>', picture)
    return [tuple(float(re.search(rf'{name}="([\d.-]+)"', tag).group(1)) for name in names) for tag in tags]


def test_the_interval_is_shaded_around_the_day():
    picture = draw_onset(STEP, "share of applicants")
    ((start, width),) = find_numbers(picture, "rect", "onset-reach", "x", "width")
    places = [place for (place,) in find_numbers(picture, "circle", "now-dot", "cx")]
    assert [start < place < start + width for place in places] == [10 <= day <= 16 for day in range(31)]
    (day,) = re.findall(r'class="now-median" points="([\d.]+),', picture)
    assert places[12] < float(day) < places[13]


def test_a_change_before_the_window_is_shaded_from_its_start_and_has_no_line():
    before = Onset(OnsetKind.BEFORE, "share", 0.1, BY_DAY, FIRST, None, date(2024, 10, 3), 0.4)
    picture = draw_onset(before, "share of applicants")
    ((start, width),) = find_numbers(picture, "rect", "onset-reach", "x", "width")
    places = [place for (place,) in find_numbers(picture, "circle", "now-dot", "cx")]
    assert [start < place < start + width for place in places] == [day < 3 for day in range(31)]
    assert "now-median" not in picture
    assert 'class="now-line"' in picture


def test_without_a_day_nothing_is_shaded():
    picture = draw_onset(Onset(OnsetKind.UNDATED, "share", 0.3, BY_DAY), "share of applicants")
    assert "onset-reach" not in picture
    assert "now-line" not in picture
    assert "shaded" not in picture
    assert picture.count("now-dot") == 31


@pytest.mark.parametrize(
    ("unit", "marks"),
    [("share of applicants", ["30 %", "50 %"]), ("AUC", ["0.3", "0.5"]), ("chance at an equal score", ["+30", "+50"])],
)
def test_values_have_their_unit(unit, marks):
    texts = re.findall(r">([^<]+)</text>", draw_onset(STEP, unit))
    assert set(marks) <= set(texts)


def test_a_day_of_few_applications_does_not_stretch_the_picture():
    lonely = (*BY_DAY[:-1], DayValue(BY_DAY[-1].day, 2, 9.0))
    heights = [
        [
            y
            for (y,) in find_numbers(
                draw_onset(Onset(OnsetKind.UNDATED, "share", 0.3, days), ""), "circle", "now-dot", "cy"
            )
        ]
        for days in (BY_DAY, lonely)
    ]
    assert heights[0][:-1] == heights[1][:-1]


def test_words_of_the_data_are_text():
    hostile = Onset(OnsetKind.UNDATED, 'share with "<script>"', 0.3, BY_DAY)
    assert "<script" not in draw_onset(hostile, "")


@pytest.mark.parametrize("days", [1, 2, 365])
def test_short_and_long_windows_can_be_drawn(days):
    by_day = tuple(DayValue(FIRST + timedelta(days=day), 5, 0.4) for day in range(days))
    picture = draw_onset(Onset(OnsetKind.UNDATED, "share", 0.4, by_day), "")
    assert 1 <= len(re.findall(r">\d+ [A-Z][a-z]{2}<", picture)) <= 7
