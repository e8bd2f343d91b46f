"""The versions of the software that produced a result."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

LIBRARIES = ("loanwatch", "prefect", "pandas", "scikit-learn", "deepchecks", "numpy", "scipy", "sqlalchemy", "joblib")


def read_versions() -> dict[str, str]:
    """Python's and the libraries' versions, by name."""
    return {"python": platform.python_version(), **{library: find_version(library) for library in LIBRARIES}}


def find_version(library: str) -> str:
    """The installed version of a distribution, or “not installed”."""
    try:
        return version(library)
    except PackageNotFoundError:
        return "not installed"
