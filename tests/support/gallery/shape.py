"""What a look-alike is: its files, the options that it needs, and the truth about its columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tasks.describe.draft import Answers


@dataclass(frozen=True)
class Truth:
    """A column: its role, its type (None where it is left out), and the options that must be said."""

    role: str
    type: str | None = None
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Shape:
    """A look-alike.

    Parameters
    ----------
    name, description
        For the page.
    options
        What a person has to say to `flows.describe`.
    write
        Writes the files into a folder and returns them.
    truth
        By column, as the file names it; of several files `file/column`.
    monitor
        The options of `flows.monitor`.
    """

    name: str
    description: str
    options: tuple[str, ...]
    write: Callable[[Path], list[Path]]
    truth: dict[str, Truth]
    monitor: tuple[str, ...] = ()


IGNORED = Truth("ignored")
ID, CUSTOMER, TIME = Truth("id"), Truth("customer"), Truth("time")
NUMBER, INTEGER, WORDS, BOOLEAN = (Truth("feature", kind) for kind in ("number", "integer", "category", "boolean"))
TARGET = Truth("target", "category")


def say(truth: Truth, **options: Any) -> Truth:
    """The same with options."""
    return Truth(truth.role, truth.type, options)


def decide(random: np.random.Generator, *parts: Any, share: float = 0.7) -> np.ndarray:
    """Which applications are positive: a noisy rule of standardised parts."""
    total = sum((np.asarray(part, float) - np.mean(part)) / (np.std(part) or 1) for part in parts)
    chances = 1 / (1 + np.exp(-(np.log(share / (1 - share)) + total)))
    return random.random(len(total)) < chances


def draw_words(random: np.random.Generator, words: str, rows: int, shares: list[float] | None = None) -> np.ndarray:
    """Words, parted by bars, with their shares."""
    return random.choice(words.split("|"), rows, p=shares)


def write_each(form: str, *parts: Any) -> list[str]:
    """A text of each row, such as `{} {}` of two parts."""
    return [form.format(*row) for row in zip(*parts, strict=True)]


def blank(random: np.random.Generator, values: Any, share: float, word: str = "") -> pd.Series:
    """The same with a share of them blank, or a word for that."""
    series = pd.Series(values, dtype="object")
    return series.mask(random.random(len(series)) < share, word or None)


def save(frame: pd.DataFrame, path: Path, **options: Any) -> list[Path]:
    """A CSV file."""
    frame.to_csv(path, index=False, **options)
    return [path]


def read_answers(shape: Shape) -> Answers:
    """The shape's options as `flows.describe` would read them."""
    named = {"--target": "target", "--id": "id", "--customer": "customer", "--timezone": "timezone"}
    said = {
        named[option]: value for option, value in zip(shape.options, shape.options[1:], strict=False) if option in named
    }
    return Answers(**said, is_by_rows="--rows-as-time" in shape.options)
