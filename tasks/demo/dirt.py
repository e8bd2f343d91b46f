"""Faults: numbers, categories and times as text, as in a lender's tables; None where a value is missing."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tasks.core.arrays import Integers

Texts = NDArray[np.object_]

AMOUNT_NOT_STATED = "99999999"
TITLE_CASE, UPPER_CASE = 0.08, 0.02  # shares of the categories; the rest is in lower case
DOLLARS, BROKEN_CREDIT, HAVE_MORTGAGE = 0.10, 0.01, 0.02

_OPENING_HOUR, _OPEN_HOURS = 9, 9
_ROW_OF_A_UUID = 32
# Monday to Sunday, relative to one another.
_WEEKDAYS = np.array([1.10, 1.15, 1.15, 1.10, 1.00, 0.60, 0.35])


def sample_ids(generator: np.random.Generator, rows: int) -> Texts:
    """Random identifiers in the format of a UUID."""
    digits = np.frombuffer(generator.bytes(16 * rows).hex().encode(), dtype=np.uint8).reshape(rows, _ROW_OF_A_UUID)
    written = np.insert(digits, [8, 12, 16, 20], ord("-"), axis=1)
    return np.ascontiguousarray(written).view("S36").ravel().astype("U36").astype(object)


def sample_times(generator: np.random.Generator, first_day: date, rows: int) -> tuple[Integers, Integers]:
    """The day of the month (0 is the first) and the minute of the day; fewer people apply at a weekend."""
    days = pd.date_range(first_day, periods=pd.Period(first_day, "M").days_in_month)
    busy = _WEEKDAYS[days.day_of_week]
    minutes = generator.integers(60 * _OPENING_HOUR, 60 * (_OPENING_HOUR + _OPEN_HOURS), rows)
    return generator.choice(len(days), rows, p=busy / busy.sum()), minutes


def write_times(first_day: date, days: Integers, minutes: Integers) -> Texts:
    """Times as `DD-MM-YYYY HH24:MI`."""
    dates = pd.date_range(first_day, periods=pd.Period(first_day, "M").days_in_month).strftime("%d-%m-%Y ")
    clock = np.array([f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(24 * 60)], dtype=object)
    return np.asarray(dates.to_numpy(object)[days] + clock[minutes])


def write_numbers(numbers: pd.Series) -> Texts:
    """Whole numbers as text."""
    return _write(numbers, "%.0f")


def write_cents(generator: np.random.Generator, numbers: pd.Series) -> Texts:
    """Amounts of money with their cents; a share of them formatted like `$1,234.50`."""
    texts = _write(numbers, "%.2f")
    dressed = np.flatnonzero((generator.random(len(texts)) < DOLLARS) & numbers.notna())
    texts[dressed] = numbers.iloc[dressed].map("${:,.2f}".format)
    return texts


def write_categories(generator: np.random.Generator, values: pd.Series) -> Texts:
    """Categories as text, some with Capitals and a few in UPPER CASE."""
    spelt = list(values.cat.categories)
    cases = np.array([spelt, [text.title() for text in spelt], [text.upper() for text in spelt]], dtype=object)
    chance = generator.random(len(values))
    case = (chance < TITLE_CASE + UPPER_CASE).astype(int) + (chance < UPPER_CASE)
    codes = values.cat.codes.to_numpy()
    texts: Texts = cases[case, codes]
    texts[codes < 0] = None
    return texts


def replace_some(generator: np.random.Generator, texts: Texts, text: str, share: float) -> Texts:
    """The texts with a share of them replaced by `text`."""
    return np.where((generator.random(len(texts)) < share) & pd.notna(texts), text, texts)


def _write(numbers: pd.Series, form: str) -> Texts:
    known = numbers.notna().to_numpy()
    texts = np.full(len(numbers), None, dtype=object)
    texts[known] = np.char.mod(form, numbers.to_numpy(float)[known]).astype(object)
    return texts
