"""What stops a promotion however well the challenger compares."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from tasks.core.findings import Finding, Question, Verdict
from tasks.core.policy import PromotionPolicy
from tasks.promotion.challenge import find_objection
from tasks.registry.versions import Champion

POLICY = PromotionPolicy()
CHAMPION = Champion(cast(Any, None), cast(Any, None))
NEW = Finding(Question.DATA, "never_seen", Verdict.FAIL, "", subject="income", effect=0.21)


@pytest.mark.parametrize(
    ("finding", "objects"),
    [
        (NEW, True),  # more than a fifth of the applicants have an income that there never was
        (replace(NEW, effect=0.20), False),  # the limit itself is none too many
        (replace(NEW, effect=None), False),  # not measured
        (replace(NEW, check="distribution", effect=0.9), False),  # applicants may change as they like
    ],
)
def test_a_window_of_values_never_seen_promotes_nothing(finding: Finding, objects: bool):
    told = find_objection(CHAMPION, [finding], POLICY)
    assert (told is not None) == objects
    assert told is None or ("income" in told and "21%" in told)


def test_a_replay_promotes_nothing():
    assert find_objection(replace(CHAMPION, is_replay=True), [], POLICY) is not None
