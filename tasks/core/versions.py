"""The versions of the software that produced a result."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("blocks", "tasks")
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


@cache
def hash_source() -> str:
    """The sha256 of loanwatch's own files, which tells two checkouts of the same version apart."""
    root, digest = Path(__file__).parents[2], hashlib.sha256()
    for package in PACKAGES:
        for file in sorted((root / package).rglob("*")):
            if file.suffix in {".py", ".sql", ".toml"}:
                digest.update(f"{file.relative_to(root)}\0".encode() + file.read_bytes())
    return digest.hexdigest()
