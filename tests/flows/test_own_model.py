"""A lender's own model, watched by its scores: adopted without training, and judged as a model of ours would be."""

from __future__ import annotations

import jsonschema
import pytest

from tests.flows.test_monitor import QUICK, SCHEMA
from tests.support.flow import month, run_monitor
from tests.support.scored_loans import fill_scores, score_as_champion, write_contract

pytestmark = pytest.mark.usefixtures("prefect_server")
DRIFT = ("data", "label", "concept", "model")


def list_figures(summary):
    """Every figure of the drift questions, by check and subject."""
    names = ("effect", "standard_error", "p_value", "reference", "current", "smallest_detectable", "verdict")
    return {
        (found["question"], found["check"], found["subject"]): {name: found[name] for name in names}
        for found in summary["findings"]
        if found["question"] in DRIFT
    }


@pytest.mark.slow
def test_the_scores_of_our_own_champion_as_a_column_give_the_same_figures_to_the_digit(demo, tmp_path):
    _, ours = run_monitor(tmp_path, **month(2024, 10), policy=QUICK)
    fill_scores(demo, score_as_champion(demo, ours["champion"]["version"]))
    _, theirs = run_monitor(tmp_path, **month(2024, 10), policy=QUICK, contract=write_contract(tmp_path))
    jsonschema.validate(theirs, SCHEMA, format_checker=jsonschema.FormatChecker())
    assert theirs["champion"]["kind"] == "external"
    assert theirs["reference"] == ours["reference"]
    assert list_figures(theirs) == list_figures(ours)
