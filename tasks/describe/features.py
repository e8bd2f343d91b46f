"""Features: which columns a model may use, and which are left out and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pandas as pd

from tasks.core.arrays import Floats
from tasks.describe.draft import ColumnDraft, Draft, Ratio
from tasks.describe.numbers import read_texts
from tasks.describe.target import fold_value
from tasks.describe.times import read_moments
from tasks.describe.vocabulary import LONGEST_NAME, has_part, list_words, read_words
from tasks.statistics.auc import measure_auc

# A column whose values, or whose gaps alone, tell the outcome so well is filled in after the decision.
_TELLS_ALL = 0.98
_LEAST_DECIDED = 50
_LEAST_ALIKE = 0.9999
_NEARLY_BLANK = 0.995
_LEAST_ROWS_OF_A_WORD = 20
_MOSTLY_DIFFERENT = 0.5
# Of the rows: a date that lies after the application this often was not known then.
_MOST_LATER = 0.01
_TEXT_TYPES = ("text", "character varying", "character")
OWN_SCORE = (
    'if it is your own model\'s score, its role is "score": it is then watched, and no feature (docs/own-model.md)'
)


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
        column.is_date = True
    elif has_part(column.name, list_words("names", "after_decision")):
        column.ignore("by its name filled in after the decision", is_doubtful=True)
    else:
        column.take_role("feature")
        if reading.is_numeric and column.name in list_words("names", "own_score"):
            column.doubts.append(OWN_SCORE)


def _is_identifier(column: ColumnDraft) -> bool:
    is_named = has_part(column.name, ("id", "uuid", "guid", "key", "ssn", "iban")) or column.name.startswith("unnamed")
    is_different = len(column.sampled.counts) >= _MOSTLY_DIFFERENT * max(column.sampled.known, 1)
    is_one_word = " " not in next(iter(column.sampled.counts))
    return (is_named and is_different) or (column.reading.is_text and column.sampled.is_unique and is_one_word)


def read_outcomes(target: ColumnDraft) -> Floats:
    """1, 0 or NaN of each sampled row."""
    positive, negative = (_as_list(target.options.get(kind, ())) for kind in ("positive", "negative"))
    meaning = dict.fromkeys(negative, 0.0) | dict.fromkeys(positive, 1.0)
    by_text = {text: meaning.get(fold_value(text), np.nan) for text in target.sampled.counts}
    return np.asarray(pd.Series(target.sampled.texts.to_pylist(), dtype="object").map(by_text), dtype=np.float64)


def _as_list(words: str | Sequence[str]) -> Sequence[str]:
    return [words] if isinstance(words, str) else words


def leave_out_leaks(columns: Sequence[ColumnDraft], outcomes: Floats) -> None:
    """Leave out the features and dates that tell the outcome, of the table of the outcome, whose rows these are."""
    decided = np.isfinite(outcomes)
    labels = outcomes[decided]
    if min((labels == 1).sum(), (labels == 0).sum()) < _LEAST_DECIDED:
        return
    for column in columns:
        if not (column.is_feature or column.is_date):
            continue
        known = np.array(column.sampled.texts.is_valid().to_pylist())[decided]
        gaps = measure_auc(labels, known.astype(float)).value
        if max(gaps, 1 - gaps) >= _TELLS_ALL:
            column.ignore("whether it is filled tells the outcome: filled in after the decision", is_doubtful=True)
        elif column.is_feature and _measure_alone(column, labels, decided) >= _TELLS_ALL:
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
    """Features in days before the application, by name, and the columns of dates that they are made of.

    A date that is not used says why: it is filled in after the decision, it lies after the application, or the
    database has it as a text.
    """
    time = draft.with_role("time")
    if time is None or time.reading.time is None:
        return {}
    found: dict[str, ColumnDraft] = {}
    for column in draft.columns:
        if not column.is_date:
            continue
        why = _refuse_duration(column, time)
        if why:
            column.doubts.append(f"left out: {why}")
            continue
        name = f"days_since_{column.name}"[:LONGEST_NAME]
        found[name] = column
        column.notes, column.doubts = [f"used as days before the application: {name}"], list(column.reading.doubts)
    return found


def _refuse_duration(column: ColumnDraft, time: ColumnDraft) -> str:
    """Why a date is no feature; empty where it is one."""
    form, applied = column.reading.time, time.reading.time
    if form is None or applied is None:
        return "it is no date"
    if has_part(column.name, list_words("names", "after_decision")):
        return "by its name it is filled in after the decision"
    is_written = bool(form.formats and form.formats[0].startswith("%")) or bool(form.others)
    if is_written and column.sampled.declared in _TEXT_TYPES:
        return "the database has it as a text; make a date of it in a view"
    if column.table == time.table:
        days = read_moments(time.sampled.texts.to_pylist(), applied) - read_moments(
            column.sampled.texts.to_pylist(), form
        )
        later = float((days.dropna() < -pd.Timedelta(days=1)).mean()) if days.notna().any() else 0.0
        return f"it lies after the application in {later:.0%} of the rows" if later > _MOST_LATER else ""
    return "it lies after the application for some" if form.last > applied.last + timedelta(days=1) else ""


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
