"""The evidence pack: all records of one run as a zip file, for an audit."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import fsspec
from sqlalchemy import Connection

from blocks.errors import LoanwatchError, UsageError
from tasks.core.wording import name_outcome
from tasks.job.job import is_job_id
from tasks.registry.entries import read_ledger
from tasks.registry.versions import read_version

KINDS = (".csv", ".html", ".json", ".toml")
LARGEST = 15_000_000


class JobNameError(UsageError):
    """A text that is not a job's name."""


class EvidenceError(LoanwatchError):
    """The evidence of a run cannot be collected or written."""


def find_run(results: Path, job_id: str) -> Path:
    """The folder of a run. Raises JobNameError for an invalid name, EvidenceError for an unknown job."""
    if not is_job_id(job_id):
        raise JobNameError(
            f"{job_id!r} is not a job name such as 20240901T060000-3f9a1c. Choose one of the folders in {results}."
        )
    folder = results / job_id
    if not (folder / "summary.json").is_file():
        raise EvidenceError(f"{folder} contains no finished run. Choose another job, or set its folder with --results.")
    return folder


def gather_evidence(connection: Connection, folder: Path) -> dict[str, bytes]:
    """Every file of the pack by its name, with a list of their sha256 sums. Raises EvidenceError."""
    files = {
        file.name: file.read_bytes() for file in sorted(folder.iterdir()) if file.is_file() and file.suffix in KINDS
    }
    summary = json.loads(files["summary.json"])
    name = summary["contract"]["name"]
    ledger = [asdict(entry) for entry in read_ledger(connection, name)]
    files["ledger.json"] = (json.dumps(ledger, indent=2, default=str) + "\n").encode()
    versions = {summary["champion"]["version"], summary["champion_after"]} if summary["champion"] else set()
    for version in sorted(version for version in versions if version is not None):
        files[f"model_card_version_{version}.md"] = read_card(read_version(connection, name, version).artifact)
    files["repeat.sh"] = f"#!/bin/sh\n{summary['command']}\n".encode()
    files["README.txt"] = _describe(summary, files).encode()
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {file}\n" for file, content in sorted(files.items()))
    return {**files, "SHA256SUMS": sums.encode()}


def read_card(artifact: str) -> bytes:
    """The model card of a bundle, or a sentence that says why it cannot be read."""
    try:
        filesystem, root = fsspec.core.url_to_fs(artifact)
        return bytes(filesystem.cat_file(f"{root}/card.md"))
    except OSError as error:
        return f"The model bundle {artifact} cannot be read ({type(error).__name__}).\n".encode()


def write_pack(path: Path, job_id: str, files: Mapping[str, bytes]) -> int:
    """Write the complete pack or nothing; returns its size in bytes. Raises EvidenceError."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as pack:
            for name, content in sorted(files.items()):
                pack.writestr(f"{job_id}/{name}", content)
        size = partial.stat().st_size
        if size > LARGEST:
            raise EvidenceError(
                f"The evidence of {job_id} is {size / 1e6:.1f} MB; the maximum is {LARGEST / 1e6:.0f} MB."
            )
        partial.replace(path)
    except OSError as error:
        raise EvidenceError(
            f"{path} cannot be written ({error.strerror}). Choose another file with --output."
        ) from None
    finally:
        partial.unlink(missing_ok=True)
    return os.path.getsize(path)


def _describe(summary: Mapping[str, Any], files: Mapping[str, bytes]) -> str:
    window = summary["window"]
    outcome = name_outcome(summary["outcome"], was_retrained="deploy_report.json" in files)
    lines = [
        f"Evidence of run {summary['job_id']}",
        f"{summary['contract']['name']}, {window['start']} to {window['end']}: {outcome}",
        summary["reason"],
        "",
        "Start with report.html. repeat.sh repeats the run. ledger.json contains all promotions up to the date of this",
        "pack; the hash of each row covers the row before it. To verify the files: `sha256sum -c SHA256SUMS`.",
        "",
        *sorted(files),
    ]
    return "\n".join(lines) + "\n"
