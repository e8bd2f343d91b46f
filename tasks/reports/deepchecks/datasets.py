"""Input for deepchecks: a bounded sample of rows, without identifiers, in which no value can act as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tasks.contract.contract import Contract

# deepchecks prints values into HTML unescaped, truncates them anywhere and shows some by `repr`. So the five characters
# of HTML are replaced by printable single characters, which become entities when the page is assembled.
_DANGEROUS = {"<": "﹤", ">": "﹥", "&": "﹠", '"': "＂", "'": "＇"}
_ENTITIES = {"﹤": "&lt;", "﹥": "&gt;", "﹠": "&amp;", "＂": "&#34;", "＇": "&#39;"}
_TO_STAND_INS = str.maketrans(_DANGEROUS)
_TO_ENTITIES = str.maketrans(_ENTITIES)

OTHER_CATEGORIES = "(other categories)"


@dataclass(frozen=True)
class Bounds:
    """Limits of a page: at most `rows` rows, and of a column the most frequent `categories`, cut to `letters`."""

    rows: int = 20_000
    categories: int = 100
    letters: int = 60
    seed: int = 2015


def guard(text: str) -> str:
    """The text with stand-ins for the characters of HTML, and without lone surrogates, which no file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8").translate(_TO_STAND_INS)


def unguard(html: str) -> str:
    """Turn the stand-ins into entities: a browser, and plotly too, shows the original characters as text."""
    return html.translate(_TO_ENTITIES)


def sample_rows(count: int, bounds: Bounds) -> NDArray[Any]:
    """The positions of all rows, or of a random sample of `bounds.rows` of them, in their order."""
    if count <= bounds.rows:
        return np.arange(count)
    return np.sort(np.random.default_rng(bounds.seed).choice(count, bounds.rows, replace=False))


def prepare_features(contract: Contract, frames: Sequence[pd.DataFrame], bounds: Bounds) -> list[pd.DataFrame]:
    """The contract's features of each frame: numbers unchanged, categories limited and guarded, in all frames alike.

    A column that a frame does not have, or that is missing in every row of it, is left out of all of them: many checks
    fail on one. Row numbers
    continue from frame to frame, so that no two rows share one.
    """
    columns = [
        column
        for column in contract.features
        if all(column.name in frame and frame[column.name].notna().any() for frame in frames)
    ]
    prepared: list[dict[str, pd.Series[Any]]] = [{} for _ in frames]
    for column in columns:
        values = [frame[column.name].reset_index(drop=True) for frame in frames]
        if column.type == "category":
            values = _shorten_categories(values, bounds)
        for target, series in zip(prepared, values, strict=True):
            target[column.name] = series
    starts = np.cumsum([0, *(len(frame) for frame in frames)])
    return [
        pd.DataFrame(target, index=range(len(frame))).set_axis(range(start, start + len(frame)))
        for target, frame, start in zip(prepared, frames, starts, strict=False)
    ]


def _shorten_categories(values: list[pd.Series[Any]], bounds: Bounds) -> list[pd.Series[Any]]:
    texts = [series.astype(object) for series in values]
    frequent = pd.concat(texts).value_counts().index[: bounds.categories]
    shown = {text: guard(str(text)[: bounds.letters]) for text in frequent}
    return [
        series.map(shown).where(series.isin(frequent) | series.isna(), OTHER_CATEGORIES).astype(object)
        for series in texts
    ]


def name_labels(contract: Contract, labels: NDArray[Any]) -> NDArray[Any]:
    """Labels 0, 1 and NaN as the target's guarded values and None."""
    positive, negative = name_classes(contract)
    named = np.where(labels == 1, positive, negative).astype(object)
    named[np.isnan(labels)] = None
    return named


def name_classes(contract: Contract) -> tuple[str, str]:
    """The guarded names of the positive and of the negative label."""
    return guard(contract.positive), guard(contract.negative)


def make_dataset(contract: Contract, features: pd.DataFrame, labels: NDArray[Any], name: str) -> Any:
    """A deepchecks Dataset; without a label column where no label is known."""
    from deepchecks.tabular import Dataset

    categories = [column.name for column in contract.features if column.type == "category"]
    target = contract.target.name
    is_labelled = bool(pd.notna(labels).any())
    return Dataset(
        features.assign(**{target: labels}) if is_labelled else features,
        label=target if is_labelled else None,
        label_type="binary" if is_labelled else None,
        features=list(features.columns),
        cat_features=[name for name in categories if name in features.columns],
        dataset_name=name,
    )
