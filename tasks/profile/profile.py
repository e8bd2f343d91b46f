"""Profile: what is kept of the reference that a model was fitted on, to compare later windows with.

The levels of every column with their counts, over all rows; how often the positive label comes at each score, over all
labelled rows; and of at most 20,000 rows the codes of their levels, the label and the score. No value of an applicant
and no identifier is in it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from blocks.errors import UsageError
from tasks.contract.contract import Contract
from tasks.core.arrays import Codes, Floats, Integers, Keys, Mask, pick_rows, sample_rows
from tasks.core.arrivals import Arrivals
from tasks.core.scored_window import ScoredWindow
from tasks.profile.bins import MISSING, Bins, fit_bins
from tasks.profile.day_effects import DayEffects, measure_day_effects
from tasks.statistics.auc import measure_auc
from tasks.statistics.clusters import Clusters, find_clusters
from tasks.statistics.counted_auc import Auc
from tasks.statistics.likeness import INDEPENDENT, Likeness, measure_likeness
from tasks.statistics.score_bins import ScoreBins, count_score_bins

ORIGINS = ("out_of_fold", "holdout")
SAMPLE_ROWS = 20_000


class OriginError(UsageError):
    """The reference's scores come from a model that has seen the rows."""


@dataclass(frozen=True)
class ColumnLikeness:
    """How alike the rows of one customer are in a column: in its values, and in whether it is missing."""

    values: Likeness = INDEPENDENT
    missing: Likeness = INDEPENDENT


@dataclass(frozen=True, eq=False)
class Profile:
    """The reference, by its counts.

    `rows`, `labelled` and `positive` count all rows of the reference, those with a label and those with the positive
    one. `counts` holds one array for each column, by code. `masks` names which rows of a column are missing: columns
    that are missing together share one. `auc` is the reference's, over all labelled rows, or None with one label only.
    `codes`, `labels` and `scores` are a sample: row by column, and one entry for each row.

    Where customers come back, `likeness` holds how alike their rows are, column by column, and `label_likeness` how
    alike their labels are, both over all rows. Of the sample, `groups` numbers the customers, and `halves` says in
    which of two random halves of all customers each is (0 or 1); without any customer who comes back it is None.

    `undecided` counts the rows of the reference's days that are still without a label; they are not among `rows`,
    unless `is_given_only`: then only loans that were given have a label, and `rows` are all applications. `judged`
    counts the rows with a label and a score, on which `auc` and `score_bins` rest. `told_by` names
    the columns by which customers are told apart where the contract names none. `arrivals` says on which weekdays the
    reference has applications, and how many; None where that was not kept. `score_bins` counts all judged rows by
    their score; None where there are none, or where that was not kept. `day_effects` says how much its days differ;
    None where that is not known.
    """

    columns: tuple[Bins, ...]
    counts: tuple[Integers, ...]
    masks: tuple[str, ...]
    rows: int
    labelled: int
    positive: int
    auc: Auc | None
    origin: str
    codes: Codes
    labels: Floats
    scores: Floats
    likeness: tuple[ColumnLikeness, ...] = ()
    label_likeness: Likeness = INDEPENDENT
    groups: Integers = field(default_factory=lambda: np.zeros(0, np.int64))
    halves: Integers | None = None
    undecided: int = 0
    told_by: tuple[str, ...] = ()
    arrivals: Arrivals | None = None
    score_bins: ScoreBins | None = None
    day_effects: DayEffects | None = None
    judged: int = -1
    is_given_only: bool = False

    def __post_init__(self) -> None:
        """Where nothing is known of customers, every row stands alone; of scores, every labelled row has one."""
        if self.judged < 0:
            object.__setattr__(self, "judged", self.labelled)
        if not self.likeness:
            object.__setattr__(self, "likeness", (ColumnLikeness(),) * len(self.columns))
        if len(self.groups) != len(self.codes):
            object.__setattr__(self, "groups", np.arange(len(self.codes)))

    @property
    def is_judged(self) -> Mask:
        """Which rows of the sample have a label and a score."""
        return ~np.isnan(self.labels) & ~np.isnan(self.scores)

    def encode(self, applications: pd.DataFrame) -> Codes:
        """The codes of a window: row by column. A column that the window lacks is missing in every row."""
        codes = np.zeros((len(applications), len(self.columns)), dtype=np.int32, order="F")
        for place, bins in enumerate(self.columns):
            if bins.name in applications:
                codes[:, place] = bins.encode(applications[bins.name])
        return codes

    def decode(self, codes: Codes) -> pd.DataFrame:
        """A value that stands for each code: an interval's middle, a special value, a category."""
        return pd.DataFrame({bins.name: bins.decode(codes[:, place]) for place, bins in enumerate(self.columns)})


def fit_profile(contract: Contract, reference: ScoredWindow, *, origin: str, seed: int) -> Profile:
    """The profile of a reference: its features, labels and scores.

    `origin` says where the scores come from: `out_of_fold` or `holdout`. A model scores rows that it was fitted on
    better than any other, so that with such scores every later window would look like drift.
    Raises OriginError for any other origin.
    """
    if origin not in ORIGINS:
        raise OriginError(
            f"A reference needs scores of rows that the model has not seen ({' or '.join(ORIGINS)}), not {origin!r}: "
            "score each row by a fold that was fitted without it, or use rows that were held out."
        )
    applications, labels, scores = reference.applications, reference.labels, reference.scores
    missing = pd.Series(np.nan, index=applications.index)
    clusters = find_clusters(reference.keys)
    # Without a customer who comes back, equal keys say nothing that equal rows do not say.
    keys = reference.keys if len(clusters.rows) else None
    columns = tuple(fit_bins(column, applications.get(column.name, missing), keys) for column in contract.features)
    bare = Profile(columns, (), (), len(applications), 0, 0, None, origin, np.empty((0, 0), np.int32), scores, scores)
    codes = bare.encode(applications)
    known, judged = reference.is_labelled, reference.is_judged
    has_both = len(np.unique(labels[judged])) > 1
    counts = count_levels(columns, codes)
    sample, days = sample_rows(len(codes), SAMPLE_ROWS, seed), reference.days
    effects = measure_day_effects(columns, codes, counts, reference, keys)
    return Profile(
        columns,
        counts,
        hash_masks(codes),
        len(applications),
        int(known.sum()),
        int(np.sum(labels == 1)),
        measure_auc(labels[judged], scores[judged], find_clusters(_take(keys, judged))) if has_both else None,
        origin,
        codes[sample],
        labels[sample],
        np.asarray(scores, dtype=np.float64)[sample],
        measure_column_likeness(columns, codes, counts, clusters),
        measure_label_likeness(labels, keys),
        _number_at_random(keys, sample, seed),
        None if keys is None else choose_half(keys[sample]),
        score_bins=count_score_bins(labels[judged], scores[judged]) if judged.any() else None,
        day_effects=effects if effects is None or days is None else effects.number(days[sample], seed),
        judged=int(judged.sum()),
        is_given_only=reference.refused is not None,
    )


def measure_column_likeness(
    columns: tuple[Bins, ...], codes: Codes, counts: tuple[Integers, ...], clusters: Clusters
) -> tuple[ColumnLikeness, ...]:
    """How alike the rows of one customer are, column by column."""
    if not len(clusters.rows):
        return (ColumnLikeness(),) * len(columns)

    def measure(place: int, bins: Bins) -> ColumnLikeness:
        column = codes[:, place]
        missing = np.array([len(column) - counts[place][MISSING], counts[place][MISSING]])
        return ColumnLikeness(
            measure_likeness(clusters, column - 1, counts[place][1:], is_ordered=bins.is_ordered),
            measure_likeness(clusters, (column == MISSING).astype(np.int64), missing, is_ordered=True),
        )

    return tuple(measure(place, bins) for place, bins in enumerate(columns))


def measure_label_likeness(labels: Floats, keys: Keys | None) -> Likeness:
    """How alike the labels of one customer are; rows without a label are left out."""
    known = ~np.isnan(labels)
    codes = pick_rows(labels, known).astype(np.int32)
    return measure_likeness(find_clusters(_take(keys, known)), codes, np.bincount(codes, minlength=2), is_ordered=True)


def choose_half(keys: Keys) -> Integers:
    """Which of two random halves of all customers each row's is in: 0 or 1. Other bits choose folds and parts."""
    return ((keys >> np.uint64(32)) & np.uint64(1)).astype(np.int64)


def _take(keys: Keys | None, rows: Mask) -> Keys | None:
    return None if keys is None else pick_rows(keys, rows)


def _number_at_random(keys: Keys | None, sample: Integers, seed: int) -> Integers:
    """A number for each customer of the sample, in no order that tells who it is."""
    if keys is None:
        return np.arange(len(sample))
    customers, place = np.unique(keys[sample], return_inverse=True)
    return np.asarray(np.random.default_rng(seed).permutation(len(customers))[place], dtype=np.int64)


def count_levels(columns: tuple[Bins, ...], codes: Codes) -> tuple[Integers, ...]:
    """The rows of every code, column by column."""
    return tuple(np.bincount(codes[:, place], minlength=bins.levels + 1) for place, bins in enumerate(columns))


def hash_masks(codes: Codes) -> tuple[str, ...]:
    """A name for which rows are missing, column by column."""
    packed = (np.packbits(codes[:, place] == MISSING).tobytes() for place in range(codes.shape[1]))
    return tuple(hashlib.blake2b(bits, digest_size=8).hexdigest() for bits in packed)
