"""Workshop: models and judgements, each made once and shared by all lives and policies that ask for the same.

A model is Gradient Boosting on all decided rows of its days, with fewer trees and folds than the default's; the kind is
not chosen again, as the other one ranks this lender's applicants worse at any number of rows. Every question is asked
as `flows/monitor.py` asks it, without the search for leaks and the champion's own limits: these take longer than all
else, and take back few alarms.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import pandas as pd
from sklearn.pipeline import Pipeline

from benchmarks.life.calendar import ONE_DAY
from benchmarks.life.lives import Life
from tasks.contract.contract import Contract
from tasks.core.arrays import Floats
from tasks.core.arrivals import count_arrivals, count_by_day
from tasks.core.findings import Finding
from tasks.core.policy import Kind, MonitorPolicy, TrainPolicy
from tasks.core.scored_window import ScoredWindow
from tasks.core.windows import Window
from tasks.drift.check import measure_drift
from tasks.drift.comparison import Comparison
from tasks.drift.model import measure_model_drift
from tasks.extract.extract import Extract
from tasks.models.preprocess import Prepared, prepare
from tasks.models.scoring import score, score_by_fold
from tasks.models.train import Candidate, fit_candidate
from tasks.profile.profile import Profile, fit_profile
from tasks.quality.arrivals import measure_arrivals
from tasks.quality.check import is_fit, measure_quality
from tasks.registry.known_customers import Customers, hash_customers

POLICY = MonitorPolicy(train=TrainPolicy(boosting_rounds=30, boosting_rate=0.15, boosting_large=1_000_000, folds=3))
MODELS_KEPT, ANSWERS_KEPT = 60, 20_000
Made = TypeVar("Made")


@dataclass(frozen=True, eq=False)
class Model:
    """A model, the days that it was fitted on, and what a run keeps of them. `key` is equal for equal models."""

    key: Hashable
    contract: Contract
    windows: tuple[Window, ...]
    rows: Prepared
    candidate: Candidate

    @property
    def pipeline(self) -> Pipeline:
        """What scores."""
        return self.candidate.pipeline

    def score(self, applications: pd.DataFrame) -> Floats:
        """The probability of approval, one for each row."""
        return score(self.pipeline, applications)

    @cached_property
    def customers(self) -> Customers:
        """Those it was fitted on."""
        return hash_customers(self.rows.keys)

    @cached_property
    def profile(self) -> Profile:
        """Of everything that it was fitted on."""
        return describe(self.contract, self.rows, self.candidate.out_of_fold, self.windows)


def describe(
    contract: Contract, rows: Prepared, scores: Floats, windows: Sequence[Window], *, knows_days: bool = False
) -> Profile:
    """The profile of the rows of some windows, by scores of models that have not seen them.

    With `knows_days` it says how much the days differ.
    """
    days = rows.days if knows_days else None
    reference = ScoredWindow(rows.applications, rows.labels, scores, rows.keys, days=days)
    profile = fit_profile(contract, reference, origin="out_of_fold", seed=POLICY.drift.seed)
    return replace(profile, arrivals=count_arrivals(windows, rows.days))


def observe(life: Life, model: Model, window: Window) -> ScoredWindow:
    """A window with the model's scores, as the drift questions need it."""
    frame = life.rows(window).frame
    rows = prepare(life.lender.contract, frame)
    scores = score_by_fold(model.pipeline, rows.applications, rows.keys)
    return ScoredWindow(frame, rows.labels, scores, rows.keys, days=rows.days)


def measure_window_quality(life: Life, model: Model, window: Window) -> list[Finding]:
    """Whether a window may be used, and whether its applications have arrived."""
    contract, frame = life.lender.contract, life.rows(window).frame
    findings = measure_quality(contract, Extract(frame), POLICY.quality, window, [])
    if not is_fit(findings) or model.profile.arrivals is None:
        return findings
    rows = count_by_day(window, frame[contract.time.name].to_numpy("datetime64[D]"))
    return findings + measure_arrivals(window, rows, model.profile.arrivals, POLICY.quality, window.end + ONE_DAY)


def judge_window(life: Life, model: Model, window: Window) -> tuple[Finding, ...]:
    """Every question about a window, against everything that the model was fitted on; of an unfit one only quality."""
    findings = measure_window_quality(life, model, window)
    if not is_fit(findings):
        return tuple(findings)
    comparison = Comparison(model.profile, observe(life, model, window), POLICY.drift)
    return (*findings, *measure_drift(comparison), *measure_model_drift(comparison))


class Workshop:
    """Makes models and judgements, and keeps the latest."""

    def __init__(self) -> None:
        self._models: OrderedDict[Hashable, Model] = OrderedDict()
        self._answers: OrderedDict[Hashable, Any] = OrderedDict()

    def fit(self, life: Life, windows: Sequence[Window]) -> Model:
        """The model of all rows of these windows; windows that follow one another are one."""
        joined = join_windows(windows)
        key = life.fingerprint(joined)
        return _keep(self._models, key, MODELS_KEPT, lambda: _fit(life, joined, key))

    def judge(self, life: Life, model: Model, window: Window) -> tuple[Finding, ...]:
        """What `judge_window` finds."""
        return self.recall("loanwatch", life, model, window, judge_window)

    def recall(
        self, who: str, life: Life, model: Model, window: Window, ask: Callable[[Life, Model, Window], Made]
    ) -> Made:
        """What somebody says of a window and a model: asked once, and again only where something differs."""
        key = (who, model.key, life.fingerprint([window]))
        answer: Made = _keep(self._answers, key, ANSWERS_KEPT, lambda: ask(life, model, window))
        return answer


def join_windows(windows: Sequence[Window]) -> tuple[Window, ...]:
    """The same days in as few windows as there can be, in their order."""
    joined: list[Window] = []
    for window in sorted(windows, key=lambda each: each.start):
        if joined and window.start <= joined[-1].end + ONE_DAY:
            joined[-1] = Window(joined[-1].start, max(joined[-1].end, window.end))
        else:
            joined.append(window)
    return tuple(joined)


def _fit(life: Life, windows: tuple[Window, ...], key: Hashable) -> Model:
    rows, contract = life.prepare(windows), life.lender.contract
    candidate = fit_candidate(contract, Kind.GRADIENT_BOOSTING, rows, POLICY.train)
    return Model(key, contract, windows, rows, candidate)


def _keep(made: OrderedDict[Hashable, Made], key: Hashable, most: int, make: Callable[[], Made]) -> Made:
    """What was made for the key, or is made now; of more than `most` the one that was asked for longest ago goes."""
    if key not in made:
        made[key] = make()
        if len(made) > most:
            made.popitem(last=False)
    made.move_to_end(key)
    return made[key]
