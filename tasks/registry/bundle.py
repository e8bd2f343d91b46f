"""The model bundle: a folder in the model store with everything that belongs to a model.

The model's own files (see `tasks/registry/model_files.py`), `profile.parquet` (the reference), `customers.npz` (salted
hashes), `metrics.json`, `card.md`, and `manifest.json` with the sha256 of each of them. A folder is written under a
temporary name and then renamed. The registry keeps the manifest's own sha256; nothing is unpickled before its checksum
is verified.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from blocks.errors import LoanwatchError
from tasks.core.files import make_private_folder
from tasks.core.versions import find_version
from tasks.core.wording import join_list
from tasks.foreign.model import Scorer
from tasks.profile.profile import Profile
from tasks.profile.storage import load_profile, save_profile
from tasks.registry.known_customers import Customers, load_customers, save_customers
from tasks.registry.model_files import find_model_files, list_libraries, load_model_files, save_model_files

MANIFEST = "manifest.json"
# The only files of a bundle, beside those of one model: a manifest cannot name any other.
FILES = ("card.md", "customers.npz", "metrics.json", "profile.parquet")
ADVICE = (
    "Restore the folder, return to an earlier champion with `python -m flows.rollback`, or train a new one with "
    "`python -m flows.train --replace`."
)


class BundleError(LoanwatchError):
    """A model bundle is missing, damaged, or was made with incompatible libraries."""


class OtherLibrariesError(BundleError):
    """A model bundle is intact, but the installed libraries may read it incorrectly."""


class StoreError(LoanwatchError):
    """The model store cannot be written."""


# Those that were read, by place and hash, within `keep_bundles`; else None.
_kept: ContextVar[dict[tuple[str, str], Bundle] | None] = ContextVar("kept bundles", default=None)


@dataclass(frozen=True)
class Bundle:
    """A model with its reference and the customers it was fitted on. `metrics` holds plain JSON values."""

    scorer: Scorer
    profile: Profile
    customers: Customers
    metrics: dict[str, Any]
    card: str


def save_bundle(bundle: Bundle, store: str, name: str) -> tuple[str, str]:
    """Write a bundle as `store`/`name`; returns its location and the sha256 of its manifest.

    Raises StoreError if the store cannot be written or has a bundle of that name; then nothing is left behind.
    """
    filesystem, root = fsspec.core.url_to_fs(store)
    location = f"{root.rstrip('/')}/{name}"
    partial = f"{root.rstrip('/')}/.{name}.{secrets.token_hex(4)}.partial"
    # A store of objects has no folder that could be renamed. There the manifest comes last, and the registry names the
    # bundle only after it.
    renames = isinstance(filesystem, LocalFileSystem)
    written = None
    with tempfile.TemporaryDirectory(prefix="loanwatch-") as folder:
        files = _write_files(bundle, Path(folder))
        try:
            if filesystem.exists(location):
                raise FileExistsError(f"{location} exists")
            written = partial if renames else location
            if renames:
                make_private_folder(Path(root))
            filesystem.makedirs(written, exist_ok=False)
            for file in files:
                filesystem.put_file(str(file), f"{written}/{file.name}")
            if renames:
                filesystem.mv(partial, location, recursive=True)
        except OSError as error:
            if written:
                with suppress(OSError):
                    filesystem.rm(written, recursive=True)
            raise StoreError(
                f"The model store {store} cannot be written ({error}). Free some space there, or choose another with "
                "`models`. The champion is unchanged."
            ) from None
        return str(filesystem.unstrip_protocol(location)), _hash(files[-1].read_bytes())


@contextmanager
def keep_bundles() -> Iterator[None]:
    """Within it each bundle is read once: the windows of a backfill share their champion."""
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def load_bundle(location: str, sha256: str) -> Bundle:
    """Read a bundle after verifying every checksum. Raises BundleError before anything is unpickled."""
    kept = _kept.get()
    if kept is None:
        return _read_bundle(location, sha256)
    if (location, sha256) not in kept:
        kept[location, sha256] = _read_bundle(location, sha256)
    return kept[location, sha256]


def _read_bundle(location: str, sha256: str) -> Bundle:
    filesystem, root = fsspec.core.url_to_fs(location)
    try:
        manifest = _read_file(filesystem, location, f"{root}/{MANIFEST}", sha256)
        described = json.loads(manifest)
        model_files = _find_model_files(location, described)
        with tempfile.TemporaryDirectory(prefix="loanwatch-") as folder:
            for name in (*FILES, *model_files):
                content = _read_file(filesystem, location, f"{root}/{name}", described["files"][name])
                (Path(folder) / name).write_bytes(content)
            _refuse_other_libraries(location, described["libraries"])
            return _read_files(Path(folder), model_files, location)
    except OSError as error:
        raise BundleError(f"The model bundle {location} cannot be read ({error}). {ADVICE}") from None


def read_card(location: str, sha256: str) -> str:
    """The model card alone, verified: nothing is unpickled, so that libraries do not matter. Raises BundleError."""
    filesystem, root = fsspec.core.url_to_fs(location)
    try:
        described = json.loads(_read_file(filesystem, location, f"{root}/{MANIFEST}", sha256))
        _find_model_files(location, described)
        return _read_file(filesystem, location, f"{root}/card.md", described["files"]["card.md"]).decode("utf-8")
    except OSError as error:
        raise BundleError(f"The model bundle {location} cannot be read ({error}). {ADVICE}") from None


def _read_file(filesystem: fsspec.AbstractFileSystem, location: str, path: str, sha256: str) -> bytes:
    """The bytes of one file, read once and checked. A link may lead out of the store and is refused."""
    if filesystem.info(path).get("islink"):
        raise BundleError(f"{path} is a link, which is not allowed in a model bundle. {ADVICE}")
    content: bytes = filesystem.cat_file(path)
    if _hash(content) != sha256:
        name = path.rsplit("/", 1)[-1]
        raise BundleError(
            f"{name} of the model bundle {location} does not match the registry: it was changed or damaged. {ADVICE}"
        )
    return content


def _write_files(bundle: Bundle, folder: Path) -> list[Path]:
    """All files of the bundle, the manifest last."""
    model_files = save_model_files(bundle.scorer, folder)
    save_profile(bundle.profile, folder / "profile.parquet")
    save_customers(bundle.customers, folder / "customers.npz")
    (folder / "metrics.json").write_text(json.dumps(bundle.metrics, indent=2), encoding="utf-8")
    (folder / "card.md").write_text(bundle.card, encoding="utf-8")
    files = [folder / name for name in (*FILES, *model_files)]
    manifest = {
        "files": {file.name: _hash(file.read_bytes()) for file in files},
        "libraries": {library: find_version(library) for library in list_libraries(bundle.scorer)},
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2), encoding="utf-8")
    return [*files, folder / MANIFEST]


def _read_files(folder: Path, model_files: tuple[str, ...], location: str) -> Bundle:
    try:
        return Bundle(
            load_model_files(folder, model_files),
            load_profile(folder / "profile.parquet"),
            load_customers(folder / "customers.npz"),
            json.loads((folder / "metrics.json").read_text(encoding="utf-8")),
            (folder / "card.md").read_text(encoding="utf-8"),
        )
    except (ImportError, AttributeError, ValueError, KeyError) as error:
        raise BundleError(
            f"The model bundle {location} is intact, but this version of loanwatch cannot read it "
            f"({type(error).__name__}: {error}). Use the version that created it, or train a new champion with "
            "`python -m flows.train`."
        ) from None


def _find_model_files(location: str, manifest: dict[str, Any]) -> tuple[str, ...]:
    """The files of the model. Raises BundleError where the manifest names others than a bundle's files."""
    named = set(manifest.get("files", ()))
    models = find_model_files(named - set(FILES))
    if models is None or not set(FILES) <= named or "libraries" not in manifest:
        others = ", ".join(sorted(named.symmetric_difference(FILES))) or "the model's file"
        raise BundleError(f"The manifest of the model bundle {location} does not fit a bundle ({others}). {ADVICE}")
    return models


def _refuse_other_libraries(location: str, libraries: dict[str, str]) -> None:
    others = [
        f"{library} {then} ({find_version(library)} is installed)"
        for library, then in libraries.items()
        if _find_release(library, then) != _find_release(library, find_version(library))
    ]
    if others:
        raise OtherLibrariesError(
            f"The model bundle {location} was made with {join_list(others)}, which may read it incorrectly. Nothing "
            "was unpickled."
        )


def _find_release(library: str, version: str) -> str:
    """The part of a version within which a library reads its own pickles; scikit-learn promises no more than this."""
    return ".".join(version.split(".")[: 2 if library == "scikit-learn" else 1])


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
