"""What deepchecks is given: a bounded sample of rows, without identifiers, in which no word can act as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tasks.contract.contract import Contract

# deepchecks prints words into HTML as they are, cuts them anywhere and shows some by `repr`. So the five characters
# of HTML travel through it as printable single characters, and become entities when the page is put together.
_DANGEROUS = {"<": "﹤", ">": "﹥", "&": "﹠", '"': "＂", "'": "＇"}
_ENTITIES = {"﹤": "&lt;", "﹥": "&gt;", "﹠": "&amp;", "＂": "&#34;", "＇": "&#39;"}
_TO_STAND_INS = str.maketrans(_DANGEROUS)
_TO_ENTITIES = str.maketrans(_ENTITIES)

OTHER_WORDS = "(other words)"


@dataclass(frozen=True)
class Bounds:
    """How much of a window a page looks at: `rows` at most, and of a column the `words` most frequent, cut short."""

    rows: int = 20_000
    words: int = 100
    letters: int = 60
    seed: int = 2015


def guard(text: str) -> str:
    """A text in which the characters of HTML are replaced by stand-ins; lone surrogates, which no file can hold, go."""
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
    """The contract's features of each frame: numbers as they are, words bounded and guarded, alike in all frames.

    A column that is missing in every row of a frame is left out of all of them: many checks cannot bear one. Indexes
    are numbered through, so that no two frames share one.
    """
    columns = [column for column in contract.features if all(frame[column.name].notna().any() for frame in frames)]
    prepared: list[dict[str, pd.Series[Any]]] = [{} for _ in frames]
    for column in columns:
        values = [frame[column.name].reset_index(drop=True) for frame in frames]
        if column.type == "category":
            values = _shorten_words(values, bounds)
        for target, series in zip(prepared, values, strict=True):
            target[column.name] = series
    starts = np.cumsum([0, *(len(frame) for frame in frames)])
    return [
        pd.DataFrame(target, index=range(len(frame))).set_axis(range(start, start + len(frame)))
        for target, frame, start in zip(prepared, frames, starts, strict=False)
    ]


def _shorten_words(values: list[pd.Series[Any]], bounds: Bounds) -> list[pd.Series[Any]]:
    words = [series.astype(object) for series in values]
    frequent = pd.concat(words).value_counts().index[: bounds.words]
    shown = {word: guard(str(word)[: bounds.letters]) for word in frequent}
    return [
        series.map(shown).where(series.isin(frequent) | series.isna(), OTHER_WORDS).astype(object) for series in words
    ]


def name_labels(contract: Contract, labels: NDArray[Any]) -> NDArray[Any]:
    """Labels 0, 1 and NaN as the target's guarded words and None."""
    positive, negative = name_classes(contract)
    words = np.where(labels == 1, positive, negative).astype(object)
    words[np.isnan(labels)] = None
    return words


def name_classes(contract: Contract) -> tuple[str, str]:
    """The guarded words of the positive and of the negative label."""
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
