"""A model in the ONNX format: a graph of operators that onnxruntime computes.

It takes either one input per column, named as the column, or one matrix of numbers. It gives two probabilities per row
(as a matrix, or as one table of classes per row), or the positive class's alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tasks.core.arrays import Floats
from tasks.foreign.errors import ModelFileError, UnfitModelError
from tasks.foreign.opened import OpenedModel

NUMBERS = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
}
TEXT, BOOLEAN = "tensor(string)", "tensor(bool)"
WHOLE = ("tensor(int64)", "tensor(int32)")


class OnnxModel(OpenedModel):
    """A classifier's graph. Raises ModelFileError where it is none that onnxruntime reads, UnfitModelError else."""

    def __init__(self, content: bytes) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.use_deterministic_compute = True
        try:
            session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own classes share no other base
            raise ModelFileError(f"onnxruntime cannot read the model: {_shorten(error)}.") from None
        self._session, self._inputs = session, session.get_inputs()
        self._output = _find_output(session.get_outputs())
        self._refuse_inputs()
        matrix = self._is_matrix
        width = self._inputs[0].shape[-1] if matrix else len(self._inputs)
        self.columns = None if matrix else tuple(one.name for one in self._inputs)
        self.width = width if isinstance(width, int) else None
        self.classes = None

    @property
    def _is_matrix(self) -> bool:
        """Whether all columns are one input."""
        return len(self._inputs) == 1 and len(self._inputs[0].shape) == 2 and self._inputs[0].shape[1] != 1

    def refuse_types(self, numbers: frozenset[str], booleans: frozenset[str]) -> None:
        """A text may not stand for a number, nor a number for a text; false and true may be 0 and 1."""
        if self._is_matrix:
            return
        wrong = []
        for one in self._inputs:
            is_text = one.name not in numbers and one.name not in booleans
            if (one.type == TEXT and one.name in numbers) or (one.type != TEXT and is_text):
                wrong.append(
                    f"`{one.name}` is {'text' if is_text else 'a number'} in the contract and {one.type} there"
                )
        if wrong:
            raise UnfitModelError(f"The model takes columns of other types: {'; '.join(wrong)}.")

    def predict(self, frame: pd.DataFrame, place: int) -> Floats:
        """The probability of one class; single precision where the graph computes so."""
        (answer,) = self._session.run([self._output], self._feed(frame))
        if isinstance(answer, list):  # one table of classes per row
            return self._read_tables(answer, place)
        values = np.asarray(answer, dtype=np.float64).reshape(len(frame), -1)
        if values.shape[1] == 1:  # that of the class 1 alone
            return values[:, 0] if place == 1 else 1 - values[:, 0]
        if values.shape[1] != 2:
            raise UnfitModelError(
                f"The model gives {values.shape[1]} probabilities per row; a champion has two classes."
            )
        return values[:, place]

    def learn_classes(self, frame: pd.DataFrame) -> None:
        """A table of classes per row tells their names."""
        (answer,) = self._session.run([self._output], self._feed(frame))
        if isinstance(answer, list) and answer:
            names = list(answer[0])
            if len(names) != 2:
                raise UnfitModelError(f"The model has {len(names)} classes; a champion has two.")
            self.classes = (names[0], names[1])

    def _read_tables(self, answer: list[dict[Any, float]], place: int) -> Floats:
        name = list(answer[0])[place] if answer else None
        return np.array([row[name] for row in answer], dtype=np.float64)

    def _feed(self, frame: pd.DataFrame) -> dict[str, Any]:
        if self._is_matrix:
            (one,) = self._inputs
            return {one.name: np.column_stack([_convert(frame[name], one.type) for name in frame.columns])}
        return {
            one.name: _convert(frame[one.name], one.type).reshape((-1, 1) if len(one.shape) == 2 else (-1,))
            for one in self._inputs
        }

    def _refuse_inputs(self) -> None:
        for one in self._inputs:
            if one.type not in (*NUMBERS, TEXT, BOOLEAN):
                raise UnfitModelError(f"The model's input {one.name} is {one.type}, which no column of a table is.")
            if len(one.shape) not in (1, 2) or isinstance(one.shape[0], int):
                raise UnfitModelError(
                    f"The model's input {one.name} has the shape {one.shape}: export the model with any number of "
                    "rows, one column per input or all of them in a matrix."
                )


def _find_output(outputs: list[Any]) -> str:
    """The output with the probabilities. Raises UnfitModelError where there is none."""
    found = [
        one for one in outputs if one.type.startswith("seq(map(") or one.type in ("tensor(float)", "tensor(double)")
    ]
    found.sort(key=lambda one: "prob" not in one.name.lower())
    if not found:
        named = ", ".join(f"{one.name} ({one.type})" for one in outputs)
        raise UnfitModelError(
            f"The model gives decisions and no probabilities: {named}. Export it with its probabilities."
        )
    return str(found[0].name)


def _convert(values: pd.Series, kind: str) -> np.ndarray[Any, Any]:
    """A column as the graph takes it. A missing text is an empty one."""
    if kind == TEXT:
        return values.fillna("").astype(str).to_numpy(object)
    if values.dtype == object:  # false and true
        values = values.map({"false": 0.0, "true": 1.0}).astype(float)
    if kind in (*WHOLE, BOOLEAN) and values.isna().any():
        raise UnfitModelError(
            f"The model takes whole numbers ({kind}) for `{values.name}`, which is missing in some applications. "
            "Export it with floating-point inputs."
        )
    return values.to_numpy(np.bool_ if kind == BOOLEAN else NUMBERS[kind])


def _shorten(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:300].rstrip(".") if str(error).strip() else type(error).__name__
