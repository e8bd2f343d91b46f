"""The set-up's own files around a lock of a few small packages, so that setting up takes seconds."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.support import ROOT

REAL = ("uv", "setuptools")  # what the set-up itself needs
PYPROJECT = """[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"
[project]
name = "sample"
version = "0"
[tool.setuptools]
packages = []
"""


def make_project(folder: Path, wheels: Path) -> Path:
    """Makefile, scripts and a lock; `needed-by-…` are packages that no public index knows, in `wheels`."""
    (folder / "requirements").mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", folder)
    for file in (ROOT / "requirements").iterdir():
        if file.suffix in {".py", ".sh"}:
            shutil.copy(file, folder / "requirements")
    (folder / "pyproject.toml").write_text(PYPROJECT)
    for part in ("base", "embedded", "dev", "deepchecks", "docker", "s3", "onnx", "skops", "dask"):
        lock = lock_made_up(wheels, f"needed-by-{part}") + (read_real() if part == "dev" else "")
        (folder / "requirements" / f"{part}.lock").write_text(lock)
    return folder


def read_real() -> str:
    """The lines of the real lock, with their hashes, for what the set-up itself needs."""
    lock = (ROOT / "requirements" / "dev.lock").read_text()
    return "".join(re.search(rf"^{name}==(?:.*\\\n)*.*\n", lock, re.MULTILINE)[0] for name in REAL)


def download_real(wheels: Path) -> None:
    """Their wheels, by the ordinary client."""
    (wheels / "real.txt").write_text(read_real())
    options = ("--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:", "--dest", str(wheels))
    command = (sys.executable, "-m", "pip", "download", *options, "--requirement", str(wheels / "real.txt"))
    subprocess.run(command, check=True, capture_output=True)


def lock_made_up(wheels: Path, name: str) -> str:
    """One line for the lock: a package of one empty module, whose wheel is made where it is missing."""
    module = name.replace("-", "_")
    wheel = wheels / f"{module}-1.0-py3-none-any.whl"
    if not wheel.exists():
        facts = f"{module}-1.0.dist-info"
        files = {
            f"{module}.py": "",
            f"{facts}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
            f"{facts}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        sums = {file: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()) for file, text in files.items()}
        record = [f"{file},sha256={sums[file].decode().rstrip('=')},{len(text)}" for file, text in files.items()]
        with zipfile.ZipFile(wheel, "w") as archive:
            for file, text in files.items():
                archive.writestr(file, text)
            archive.writestr(f"{facts}/RECORD", "\n".join([*record, f"{facts}/RECORD,,"]) + "\n")
    return f"{name}==1.0 \\\n    --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


def make_index(wheels: Path, index: Path) -> None:
    """A simple index of the wheels, in the form that `http.server` lists."""
    for wheel in wheels.glob("*.whl"):
        package = index / "simple" / wheel.name.split("-")[0].replace("_", "-")
        package.mkdir(parents=True, exist_ok=True)
        shutil.copy(wheel, package)
