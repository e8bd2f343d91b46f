"""The contract's words: what is counted is named as the contract names it, and nowhere called an approval."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tasks.core.policy import DriftPolicy
from tasks.core.positive import Positive, name_check
from tasks.drift.check import measure_drift
from tasks.drift.comparison import Comparison
from tasks.drift.model import measure_model_drift
from tests.support.windows_to_compare import find, make_profile, observe

DEFAULT = Positive("default")
PROFILE = make_profile()
WINDOW = observe(status=lambda f: np.where(f.index % 5 == 0, "yes", f["status"]))
FEW = np.where(np.arange(len(WINDOW.labels)) < 50, WINDOW.labels, np.nan)


def measure(labels, positive=DEFAULT):
    comparison = Comparison(PROFILE, replace(WINDOW, labels=labels), DriftPolicy(), positive=positive)
    return [*measure_drift(comparison), *measure_model_drift(comparison)]


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        pytest.param(WINDOW.labels, "% of decided applications", id="all decided"),
        pytest.param(np.full_like(WINDOW.labels, np.nan), "no decision of the window counts yet", id="none decided"),
        pytest.param(FEW, "50 applications of the window", id="few decided"),
        pytest.param(np.ones_like(WINDOW.labels), "100.0 % of decided applications", id="one decision"),
    ],
)
def test_every_sentence_uses_the_contracts_word(labels, said):
    findings = measure(labels)
    assert find(findings, "approval_rate").sentence.startswith('Share of "default": ')
    assert said in find(findings, "approval_rate").sentence
    assert not [f for f in findings if "approv" in f"{f.sentence} {f.unit}".lower()]
    assert not [f for f in findings if "the positive decision" in f.sentence]


def test_the_rule_and_the_calibration_name_it_too():
    findings = measure(WINDOW.labels)
    assert 'the share of "default" in the window differs by' in find(findings, "score_curve").sentence
    assert 'its effect on the share of "default" has changed by' in find(findings, "by_column", "income").sentence
    assert 'observed share of "default" differ by' in find(findings, "calibration").sentence
    assert 'that the share of "default" at a given score' in find(measure(FEW), "estimated_auc").sentence


def test_without_a_contract_the_words_are_general():
    (first, *_) = [f.sentence for f in measure(WINDOW.labels, Positive()) if f.check == "approval_rate"]
    assert first.startswith("Share of the positive decision: ")
    assert name_check("approval_rate") == "share of the positive decision"
    assert name_check("nobody_knows_it", DEFAULT) == "nobody knows it"


def test_a_word_of_the_contract_is_short_and_harmless():
    assert str(Positive("x" * 100 + "\n")) == f'"{"x" * 40}…"'
    assert name_check("approval_rate", Positive("{share}")) == 'share of "{share}"'
