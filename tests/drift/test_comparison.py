"""What several questions need of a window is computed once, also where the questions are Prefect tasks."""

from collections import Counter

from prefect.utilities.collections import visit_collection

from tasks.core.policy import DriftPolicy
from tasks.drift import comparison as module
from tasks.drift.check import measure_drift
from tasks.drift.comparison import Comparison
from tasks.drift.model import measure_model_drift
from tasks.profile.profile import Profile
from tests.support.windows_to_compare import make_profile, observe


def test_every_question_shares_one_coding_and_one_curve(monkeypatch):
    profile, observed = make_profile(500), observe(500)
    calls: Counter[str] = Counter()
    for owner, name in ((Profile, "encode"), (module, "choose_labelled"), (module, "fit_score_curve")):
        original = getattr(owner, name)

        def counted(*args, original=original, name=name):
            calls[name] += 1
            return original(*args)

        monkeypatch.setattr(owner, name, counted)
    comparison = Comparison(profile, observed, DriftPolicy())
    assert not calls
    measure_drift(comparison)
    measure_model_drift(comparison)
    assert comparison.codes.shape == (500, len(profile.columns))
    assert set(calls.values()) == {1}
    assert len(calls) == 3


def test_prefect_hands_on_the_comparison_itself():
    """It looks for futures in every argument; a copy would forget what has been computed."""
    comparison = Comparison(make_profile(300), observe(300), DriftPolicy())
    assert visit_collection(comparison, visit_fn=lambda part: part, return_data=True) is comparison
