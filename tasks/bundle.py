"""The model bundle: a folder in the model store with everything that a champion is.

`model.joblib` (the pipeline), `profile.parquet` (the reference), `metrics.json`, `card.md`, and `manifest.json` with
the sha256 of each of them. The manifest is written last and its own sha256 stands in the registry: a folder without a
manifest is no bundle, and nothing is unpickled before its sum is checked.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec
import joblib
from sklearn.pipeline import Pipeline

from tasks.errors import LoanwatchError
from tasks.profile import Profile, load_profile, save_profile
from tasks.versions import find_version

MANIFEST = "manifest.json"
LIBRARIES = ("scikit-learn", "numpy", "pandas", "joblib")
ADVICE = (
    "Restore the folder, return to an earlier champion with `python -m flows.rollback`, or train a new one with "
    "`python -m flows.train`."
)


class BundleError(LoanwatchError):
    """A model bundle is missing, damaged, or was made by libraries that cannot read it."""


class StoreError(LoanwatchError):
    """The model store cannot be written."""


@dataclass(frozen=True)
class Bundle:
    """A fitted model with its reference. `metrics` holds plain JSON values."""

    pipeline: Pipeline
    profile: Profile
    metrics: dict[str, Any]
    card: str


def save_bundle(bundle: Bundle, store: str, name: str) -> tuple[str, str]:
    """Write a bundle as `store`/`name`; returns its location and the sha256 of its manifest.

    Raises StoreError where the store cannot be written.
    """
    filesystem, root = fsspec.core.url_to_fs(store)
    location = f"{root.rstrip('/')}/{name}"
    with tempfile.TemporaryDirectory(prefix="loanwatch-") as folder:
        files = _write_files(bundle, Path(folder))
        try:
            filesystem.makedirs(location, exist_ok=False)
            for file in files:
                filesystem.put_file(str(file), f"{location}/{file.name}")
        except OSError as error:
            raise StoreError(
                f"The model store {store} cannot be written ({error}). Free space there or choose another with "
                "--models; the champion in place is untouched."
            ) from None
        return str(filesystem.unstrip_protocol(location)), _hash(files[-1].read_bytes())


def load_bundle(location: str, sha256: str) -> Bundle:
    """Read a bundle after checking every sum. Raises BundleError, and then nothing has been unpickled."""
    filesystem, root = fsspec.core.url_to_fs(location)
    try:
        manifest_bytes = filesystem.cat_file(f"{root}/{MANIFEST}")
        if _hash(manifest_bytes) != sha256:
            raise BundleError(
                f"The manifest of the model bundle {location} is not the one that was registered. {ADVICE}"
            )
        manifest = json.loads(manifest_bytes)
        with tempfile.TemporaryDirectory(prefix="loanwatch-") as folder:
            for name, expected in manifest["files"].items():
                content = filesystem.cat_file(f"{root}/{name}")
                if _hash(content) != expected:
                    raise BundleError(f"{name} of the model bundle {location} was changed or damaged. {ADVICE}")
                (Path(folder) / name).write_bytes(content)
            _refuse_other_libraries(location, manifest["libraries"])
            return _read_files(Path(folder))
    except OSError as error:
        raise BundleError(f"The model bundle {location} cannot be read ({error}). {ADVICE}") from None


def _write_files(bundle: Bundle, folder: Path) -> list[Path]:
    """All files of the bundle, the manifest last."""
    joblib.dump(bundle.pipeline, folder / "model.joblib", compress=3)
    save_profile(bundle.profile, folder / "profile.parquet")
    (folder / "metrics.json").write_text(json.dumps(bundle.metrics, indent=2), encoding="utf-8")
    (folder / "card.md").write_text(bundle.card, encoding="utf-8")
    files = sorted(folder.iterdir())
    manifest = {
        "files": {file.name: _hash(file.read_bytes()) for file in files},
        "libraries": {library: find_version(library) for library in LIBRARIES},
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2), encoding="utf-8")
    return [*files, folder / MANIFEST]


def _read_files(folder: Path) -> Bundle:
    return Bundle(
        joblib.load(folder / "model.joblib"),
        load_profile(folder / "profile.parquet"),
        json.loads((folder / "metrics.json").read_text(encoding="utf-8")),
        (folder / "card.md").read_text(encoding="utf-8"),
    )


def _refuse_other_libraries(location: str, libraries: dict[str, str]) -> None:
    for library, then in libraries.items():
        now = find_version(library)
        if then.split(".")[0] != now.split(".")[0]:
            raise BundleError(
                f"The model bundle {location} was made with {library} {then}; here is {now}, which may read it "
                "wrongly. Install the project's lock file, or train a new champion with `python -m flows.train`."
            )


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
