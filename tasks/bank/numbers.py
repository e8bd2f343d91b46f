"""The bank's numbers of one window against its reference, as one record. Information: no verdict depends on them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Protocol

from threadpoolctl import threadpool_limits

from tasks.bank.attribution import MOST_WORK, Attributions, Decided, attribute_change
from tasks.bank.basis import describe_basis
from tasks.bank.headline import list_headlines
from tasks.bank.meaning import read_meanings
from tasks.bank.profit import ExpectedProfit, measure_profit
from tasks.bank.ranking import Capture, find_gini, measure_capture, measure_ks
from tasks.bank.score_bands import ScoreBand, tabulate_bands
from tasks.bank.sides import Side
from tasks.bank.stability import Stability, compare_columns, compare_scores, find_lines
from tasks.contract.contract import Contract
from tasks.core.arrays import Codes, Counts, Floats, Integers, sample_rows
from tasks.core.loan_rule import LoanRule
from tasks.core.scored_window import ScoredWindow
from tasks.profile.profile import SAMPLE_ROWS, Profile
from tasks.statistics.clusters import find_clusters
from tasks.statistics.counted_auc import Auc
from tasks.statistics.counted_labels import Judged

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Ranking:
    """KS and Gini of one side.

    Parameters
    ----------
    ks, ks_at, ks_rows
        The distance, the score at which it is greatest, and the rows.
    gini, low, high, gini_rows
        The coefficient, its interval, and the rows. Of the reference it is over all of its rows, KS over the sample.
    """

    ks: float
    ks_at: float
    ks_rows: int
    gini: float
    low: float
    high: float
    gini_rows: int


@dataclass(frozen=True)
class CaptureTable:
    """How much the first x % hold on both sides, and the rows with a label and a score."""

    reference: tuple[Capture, ...]
    window: tuple[Capture, ...]
    reference_rows: int
    window_rows: int


@dataclass(frozen=True)
class BankNumbers:
    """All of them. What could not be measured is None or empty."""

    threshold: float
    is_positive_good: bool
    confidence: float
    basis: str
    psi: Stability
    columns: tuple[Stability, ...]
    reference: Ranking | None
    window: Ranking | None
    bands: tuple[ScoreBand, ...]
    good: CaptureTable
    bad: CaptureTable
    reference_profit: ExpectedProfit | None
    window_profit: ExpectedProfit | None
    attribution: Attributions | None

    def as_record(self) -> dict[str, Any]:
        """Plain JSON values: the numbers, first the headlines, and what each can and cannot say."""
        headlines = [asdict(headline) for headline in list_headlines(self)]
        meanings = {key: meaning.as_record() for key, meaning in read_meanings().items()}
        return {"headlines": headlines, "meanings": meanings, **asdict(self)}

    def as_history(self) -> dict[str, Any]:
        """What the history keeps of them: the PSI of the score, and KS and Gini on both sides."""
        return {
            "psi": asdict(self.psi),
            "reference": None if self.reference is None else asdict(self.reference),
            "window": None if self.window is None else asdict(self.window),
        }


class Measured(Protocol):
    """What the numbers are measured on: the reference and the window."""

    @property
    def profile(self) -> Profile:
        """What is kept of the reference."""

    @property
    def observed(self) -> ScoredWindow:
        """The window."""

    @property
    def codes(self) -> Codes:
        """Its values as the profile encodes them."""

    @property
    def counts(self) -> tuple[Counts, ...]:
        """Its rows of every code, column by column."""

    @property
    def judged(self) -> Judged:
        """Its rows with a label and a score."""

    @property
    def auc(self) -> Auc | None:
        """Of these rows; None unless both labels occur."""


def measure_bank_numbers(
    contract: Contract, measured: Measured, threshold: float, lines: Floats | None = None
) -> BankNumbers:
    """All numbers of a window.

    Parameters
    ----------
    contract : Contract
        Which label is good, what loans are worth, and the decision column.
    measured : Measured
        The two sides, as `tasks.drift.comparison.Comparison` has them.
    threshold : float
        The score that parts the two decisions.
    lines : array, optional
        Where the score is cut for the table of bands; by default, and where it is empty, at the reference's deciles.

    Returns
    -------
    BankNumbers
        Rows without a score, or without a label where that is needed, are left out; each number says its rows.
    """
    profile, observed = measured.profile, measured.observed
    before, now = Side(profile.labels, profile.scores), Side(observed.labels, observed.scores)
    judged = before.judged, measured.judged
    lending = LoanRule(threshold, contract.is_positive_good)
    lines = lines if lines is not None and len(lines) else find_lines(before.scored)
    profits = [
        measure_profit(side, lending, contract.profit, CONFIDENCE) if contract.profit else None
        for side in (before, now)
    ]
    return BankNumbers(
        threshold,
        contract.is_positive_good,
        CONFIDENCE,
        describe_basis(contract, observed),
        compare_scores(before.scores, now.scores),
        tuple(compare_columns(profile.columns, profile.counts, measured.counts)),
        _rank_reference(profile, judged[0]),
        _rank(judged[1], measured.auc, len(judged[1])),
        tuple(tabulate_bands(before, now, lines, lending)),
        _capture(judged, is_positive=lending.is_positive_good),
        _capture(judged, is_positive=not lending.is_positive_good),
        profits[0],
        profits[1],
        _attribute(measured),
    )


def _rank_reference(profile: Profile, judged: Judged) -> Ranking | None:
    # The AUC rests on the rows that the score bins count.
    rows = profile.labelled if profile.score_bins is None else int(profile.score_bins.rows.sum())
    return _rank(judged, profile.auc, rows)


def _rank(judged: Judged, auc: Auc | None, rows: int) -> Ranking | None:
    if auc is None or not judged.has_both_labels:
        return None
    ks, at = measure_ks(judged.counted)
    gini = find_gini(auc, CONFIDENCE)
    return Ranking(ks, at, len(judged), gini.value, gini.low, gini.high, rows)


def _capture(judged: tuple[Judged, Judged], *, is_positive: bool) -> CaptureTable:
    """The positive ones among the highest scores, or the negative ones among the lowest."""
    before, now = (tuple(measure_capture(side.counted, is_positive=is_positive)) for side in judged)
    return CaptureTable(before, now, len(judged[0]), len(judged[1]))


def _attribute(measured: Measured) -> Attributions | None:
    profile, observed = measured.profile, measured.observed
    before, now = Side(profile.labels, profile.scores), Side(observed.labels, observed.scores)
    most = _find_most_rows(profile)
    if most is None:
        return None
    old, new = (rows[sample_rows(len(rows), most, seed=0)] for rows in (before.usable, now.usable))
    groups = profile.groups[old] if profile.halves is not None else None
    keys = None if observed.keys is None else observed.keys[new]
    reference = Decided(profile.codes[old], before.labels[old], before.scores[old], find_clusters(groups))
    window = Decided(measured.codes[new], now.labels[new], now.scores[new], find_clusters(keys))
    # One thread: small matrices gain nothing by more, and sums in another order would differ in their last bit.
    with threadpool_limits(limits=1, user_api="blas"):
        return attribute_change(profile.columns, profile.counts, reference, window)


def _find_most_rows(profile: Profile) -> int | None:
    """So many rows of each side that the regression stays fast; None where it would have more groups than rows."""
    codes = sum(len(set(_groups(profile, place))) for place in range(len(profile.columns)))
    most = int(min(SAMPLE_ROWS, max(MOST_WORK // max(codes, 1) ** 2, SAMPLE_ROWS // 10)))
    return most if codes < most else None


def _groups(profile: Profile, place: int) -> Integers:
    return profile.columns[place].group_codes(profile.counts[place])
