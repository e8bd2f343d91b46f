"""Features: which columns a model may use, and which are left out and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pandas as pd

from tasks.core.arrays import Floats
from tasks.describe.draft import ColumnDraft, Draft, Ratio
from tasks.describe.numbers import read_texts
from tasks.describe.vocabulary import LONGEST_NAME, has_part, list_words, read_words
from tasks.statistics.auc import measure_auc

# A column whose values, or whose gaps alone, tell the outcome so well is filled in after the decision.
_TELLS_ALL = 0.98
_LEAST_DECIDED = 50
_LEAST_ALIKE = 0.9999
_NEARLY_BLANK = 0.995
_LEAST_ROWS_OF_A_WORD = 20


def choose_features(columns: Sequence[ColumnDraft]) -> None:
    """Give every column without a role one: feature, protected, or none."""
    for column in columns:
        if not column.role:
            _choose_by_itself(column)


def _choose_by_itself(column: ColumnDraft) -> None:
    reading, counts = column.reading, column.sampled.counts
    if reading.type == "empty" or not counts:
        column.ignore("no row has a value")
    elif len(counts) == 1 and column.sampled.blank == 0:
        column.ignore("the same value in every row")
    elif column.sampled.blank >= _NEARLY_BLANK:
        column.ignore(f"{column.sampled.blank:.1%} of the rows have no value", is_doubtful=True)
    elif has_part(column.name, list_words("names", "protected")):
        column.take_role("protected", "reported on, never used by a model")
    elif _is_identifier(column):
        column.ignore("an identifier: it differs from row to row and says nothing of the next one")
    elif reading.is_text or has_part(column.name, list_words("names", "free_text")):
        column.ignore("free text")
    elif reading.type == "time":
        column.ignore("a date; dates are used as days before the application")
    elif has_part(column.name, list_words("names", "after_decision")):
        column.ignore("by its name filled in after the decision", is_doubtful=True)
    else:
        column.take_role("feature")


def _is_identifier(column: ColumnDraft) -> bool:
    is_named = has_part(column.name, ("id", "uuid", "guid", "key", "ssn", "iban")) or column.name.startswith("unnamed")
    is_different = len(column.sampled.counts) >= 0.5 * max(
        len(column.sampled.texts) - column.sampled.texts.null_count, 1
    )
    return (is_named and is_different) or (
        column.reading.is_text and column.sampled.is_unique and " " not in next(iter(column.sampled.counts))
    )


def read_outcomes(target: ColumnDraft) -> Floats:
    """1, 0 or NaN of each sampled row."""
    positive, negative = (_as_list(target.options.get(kind, ())) for kind in ("positive", "negative"))
    meaning = dict.fromkeys(negative, 0.0) | dict.fromkeys(positive, 1.0)
    texts = pd.Series(target.sampled.texts.to_pylist(), dtype="object").map(_fold_value)
    return np.asarray(texts.map(meaning), dtype=np.float64)


def _as_list(words: str | Sequence[str]) -> Sequence[str]:
    return [words] if isinstance(words, str) else words


def _fold_value(text: str | None) -> str | None:
    if text is None:
        return None
    word = " ".join(text.split()).lower()
    return word[:-2] if word.endswith(".0") and word[:-2].lstrip("-").isdecimal() else word


def leave_out_leaks(columns: Sequence[ColumnDraft], outcomes: Floats) -> None:
    """Leave out the features that tell the outcome: only in the table of the outcome, whose rows these are."""
    decided = np.isfinite(outcomes)
    labels = outcomes[decided]
    if min((labels == 1).sum(), (labels == 0).sum()) < _LEAST_DECIDED:
        return
    for column in columns:
        if not column.is_feature:
            continue
        known = np.array(column.sampled.texts.is_valid().to_pylist())[decided]
        gaps = measure_auc(labels, known.astype(float)).value
        if max(gaps, 1 - gaps) >= _TELLS_ALL:
            column.ignore("whether it is filled tells the outcome: filled in after the decision", is_doubtful=True)
        elif _measure_alone(column, labels, decided) >= _TELLS_ALL:
            column.ignore(
                "its value alone tells the outcome: filled in after the decision, or the outcome itself",
                is_doubtful=True,
            )


def _measure_alone(column: ColumnDraft, labels: Floats, decided: np.ndarray) -> float:
    """The AUC of a column alone: of its numbers either way round, or of its words by their own rates."""
    if column.reading.is_numeric:
        values = make_numbers(column)[decided]
        known = np.isfinite(values)
        if len(set(labels[known])) < 2 or known.sum() < 2 * _LEAST_DECIDED:
            return 0.5
        auc = measure_auc(labels[known], values[known]).value
        return float(max(auc, 1 - auc))
    words = pd.Series(column.sampled.texts.to_pylist(), dtype="object").fillna("").str.lower().to_numpy()[decided]
    frame = pd.DataFrame({"word": words, "label": labels})
    rates, rows = frame.groupby("word").label.transform("mean"), frame.groupby("word").label.transform("size")
    return measure_auc(labels, rates.where(rows >= _LEAST_ROWS_OF_A_WORD, labels.mean()).to_numpy()).value


def make_numbers(column: ColumnDraft) -> Floats:
    """The numbers of the sampled rows; NaN where there is none, or where it stands for something else."""
    form = column.reading.number
    if form is None:
        return np.full(len(column.sampled.texts), np.nan)
    special = {float(value) for value in column.reading.options.get("special", {})}
    texts = list(column.sampled.counts)
    numbers = read_texts(texts, form)
    meaning = dict(zip(texts, np.where(np.isin(numbers, list(special)), np.nan, numbers), strict=True))
    return np.asarray(pd.Series(column.sampled.texts.to_pylist(), dtype="object").map(meaning), dtype=np.float64)


def leave_out_copies(columns: Sequence[ColumnDraft]) -> None:
    """Of features that are nearly the same, keep the first."""
    numeric = [column for column in columns if column.is_feature and column.reading.is_numeric]
    kept: list[tuple[ColumnDraft, Floats]] = []
    for column in numeric:
        values = _standardise(make_numbers(column))
        twin = next((other for other, others in kept if abs(values @ others) / len(values) >= _LEAST_ALIKE), None)
        if twin is None:
            kept.append((column, values))
        else:
            column.ignore(f"nearly the same as {twin.source}", is_doubtful=True)
    seen: dict[bytes, ColumnDraft] = {}
    for column in columns:
        if column.is_feature and not column.reading.is_numeric:
            codes = pd.factorize(pd.Series(column.sampled.texts.to_pylist(), dtype="object"))[0]
            twin = seen.setdefault(codes.tobytes(), column)
            if twin is not column:
                column.ignore(f"tells the same as {twin.source}", is_doubtful=True)


def _standardise(values: Floats) -> Floats:
    known = np.isfinite(values)
    spread = values[known].std() if known.any() else 0.0
    filled = np.where(known, values, values[known].mean() if known.any() else 0.0)
    # A gap must stand where the other has one, too: it is put far from all values.
    marked = np.where(known, (filled - filled.mean()) / (spread or 1.0), 10.0)
    return np.asarray((marked - marked.mean()) / (marked.std() or 1.0), dtype=np.float64)


def find_durations(draft: Draft) -> dict[str, ColumnDraft]:
    """Days from a date to the application, for the dates that lie before it in nearly all rows."""
    time = draft.with_role("time")
    if time is None or time.reading.time is None:
        return {}
    last = time.reading.time.last
    found: dict[str, ColumnDraft] = {}
    for column in draft.columns:
        form = column.reading.time
        if column.role != "ignored" or form is None or form.has_zone is None or column.reading.type != "time":
            continue
        if has_part(column.name, list_words("names", "after_decision")) or has_part(
            column.name, ("last_pymnt", "next_pymnt")
        ):
            column.doubts.append("left out: by its name it is filled in after the decision")
        elif form.last > last + timedelta(days=1):
            column.doubts.append("left out: it lies after the application for some")
        else:
            found[f"days_since_{column.name}"[:63]] = column
            column.notes = [f"used as days before the application: days_since_{column.name}"]
    return found


def find_ratios(draft: Draft) -> tuple[Ratio, ...]:
    """Ratios worth having, by the names of their parts."""
    numbers = [column for column in draft.features if column.reading.is_numeric]
    ratios = []
    for known in read_words()["ratio"]:
        numerator, denominator = (_find_named(numbers, known[part]) for part in ("numerator", "denominator"))
        if numerator is None or denominator is None or numerator is denominator:
            continue
        is_monthly = has_part(numerator.name, ("monthly", "installment", "instalment"))
        factor = 12.0 if is_monthly and has_part(denominator.name, ("annual", "yearly")) else 1.0
        ratios.append(Ratio(known["name"], numerator.name, denominator.name, factor))
    taken = {column.name for column in draft.columns}
    return tuple(ratio for ratio in ratios if ratio.name not in taken)


def find_records(draft: Draft) -> dict[str, list[str]]:
    """Whether there is a record of another table, for each table that has none for some; equal shares say the same."""
    found: dict[str, list[str]] = {}
    shares: set[float] = set()
    for join in draft.joins:
        features = [column.name for column in draft.features if column.table == join.table]
        if features and join.coverage < _NEARLY_BLANK and join.coverage not in shares:
            found[f"has_{join.table}_record"[:LONGEST_NAME]] = features
            shares.add(join.coverage)
    return found


def _find_named(columns: Sequence[ColumnDraft], parts: Sequence[str]) -> ColumnDraft | None:
    for part in parts:
        for column in columns:
            if has_part(column.name, [part]):
                return column
    return None
