"""A bundle with a hostile model in it."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
from pathlib import Path


class Command:
    """A pickle that runs a command when it is read."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return os.system, (f"touch '{self.marker}'",)


def plant(folder: Path, marker: Path, *, mend_manifest: bool) -> None:
    """Put a hostile model into a bundle, and its sum into the manifest."""
    hostile = pickle.dumps(Command(marker))
    (folder / "model.joblib").write_bytes(hostile)
    if mend_manifest:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        manifest["files"]["model.joblib"] = hashlib.sha256(hostile).hexdigest()
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
