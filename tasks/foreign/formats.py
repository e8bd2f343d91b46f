"""The formats of model files: what each is trusted with, and reading it.

skops and ONNX are read without running the file's code. A pickle (joblib) runs it.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from tasks.foreign.errors import MissingExtraError, ModelFileError
from tasks.foreign.opened import OpenedModel

FORMATS = {".skops": "skops", ".onnx": "onnx", ".joblib": "joblib", ".pkl": "joblib", ".pickle": "joblib"}
# What skops asks about in almost every pipeline: the type of an array's values, which has no code to run.
HARMLESS = ("numpy.dtype",)
# Which package reads a format, and the extra of loanwatch that brings it.
NEEDED = {"skops": ("skops", "skops"), "onnx": ("onnxruntime", "onnx")}


def find_format(path: Path) -> str:
    """The format by the file's name. Raises ModelFileError."""
    if path.suffix.lower() not in FORMATS:
        raise ModelFileError(
            f"{path.name} is no model file by its name: {', '.join(FORMATS)} can be imported. Save a scikit-learn "
            "model with skops, and export others to ONNX."
        )
    return FORMATS[path.suffix.lower()]


def require_reader(form: str) -> None:
    """Raises MissingExtraError where the package that reads the format is not installed."""
    package, extra = NEEDED.get(form, (None, None))
    if package is not None and find_spec(package) is None:
        raise MissingExtraError(
            f"A model in the {form} format needs {package}, which is not installed. Install loanwatch's extra "
            f"`{extra}`: `make setup EXTRAS={extra}`, or `pip install --requirement requirements/{extra}.lock`."
        )


def list_unknown_types(content: bytes) -> list[str]:
    """The types in a skops file that are not known to be harmless; nothing is loaded. Raises ModelFileError."""
    from skops.io import get_untrusted_types

    try:
        return sorted(set(get_untrusted_types(data=content)) - set(HARMLESS))
    except Exception as error:  # a file that is no archive, or one of another skops
        raise ModelFileError(
            f"skops cannot read the file ({type(error).__name__}). Is it one of `skops.io.dump`?"
        ) from None


def describe_trust(form: str, unknown: Sequence[str]) -> str:
    """What reading a file of this format trusts it with; said before it is read."""
    if form == "onnx":
        return "ONNX is a graph of known operators; reading it runs no code of the file."
    if form == "skops":
        named = f" You trust these types of it, whose code will run: {', '.join(unknown)}." if unknown else ""
        return f"skops builds known types of scikit-learn and NumPy only, and runs no code of the file.{named}"
    return (
        "It is a pickle: reading it runs whatever code is in the file, with all rights of this process. Trust only a "
        "file that your own people made and nobody could change."
    )


def refuse_untrusted(form: str, unknown: Sequence[str], trusted: Sequence[str], trust_pickle: bool) -> None:
    """Raises ModelFileError where reading the file needs a trust that was not given."""
    if form == "joblib" and not trust_pickle:
        raise ModelFileError(
            f"{describe_trust(form, ())} Nothing was read. Say --trust-pickle if you do, or save the model with skops "
            "or as ONNX."
        )
    left = [name for name in unknown if name not in trusted]
    if form == "skops" and left:
        named = " ".join(f"--trust {name}" for name in left)
        raise ModelFileError(
            f"The file holds types that skops does not know, whose code would run: {', '.join(left)}. Nothing was "
            f"read. Look at what they do; if you trust them, add {named}."
        )


def open_model(form: str, content: bytes, trusted: Sequence[str]) -> OpenedModel:
    """Read a model that is trusted. Raises MissingExtraError, ModelFileError or UnfitModelError."""
    require_reader(form)
    if form == "onnx":
        from tasks.foreign.onnx_model import OnnxModel

        return OnnxModel(content)
    from tasks.foreign.sklearn_model import SklearnModel

    return SklearnModel(_load_skops(content, trusted) if form == "skops" else _load_pickle(content))


def _load_skops(content: bytes, trusted: Sequence[str]) -> object:
    from skops.io import loads

    try:
        return loads(content, trusted=[*trusted, *HARMLESS])
    except Exception as error:
        raise ModelFileError(_explain("skops", error)) from error


def _load_pickle(content: bytes) -> object:
    import joblib

    try:
        return joblib.load(io.BytesIO(content))
    except Exception as error:  # whatever the file's code raises
        raise ModelFileError(_explain("joblib", error)) from error


def _explain(reader: str, error: Exception) -> str:
    return (
        f"{reader} cannot read the model ({type(error).__name__}: {str(error)[:200]}). It needs the libraries that it "
        "was saved with; a changed version of scikit-learn may not read it."
    )
