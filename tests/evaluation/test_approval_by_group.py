"""Approval by group: told with the ratio to the largest, and only where the column is there."""

import numpy as np

from tasks.evaluation.approval_by_group import measure_approval
from tests.support.grouped_applications import CONTRACT, make_applications


def test_approval_is_told_by_group_with_the_ratio_to_the_largest():
    frame = make_applications()
    is_z = (frame["group"] == "z").to_numpy()
    given = np.random.default_rng(3).random(len(frame)) < np.where(is_z, 0.4, 0.8)
    told = {part.group: part for part in measure_approval(CONTRACT, frame, {"the model": given}, 0.98)}
    assert (told["x"].ratio, told["x"].low, told["x"].high) == (1, 1, 1)
    assert told["z"].low < 0.5 < told["z"].high
    assert 0.4 < told["z"].low < told["z"].high < 0.6
    assert not measure_approval(CONTRACT, frame.drop(columns="group"), {"the model": given}, 0.98)
