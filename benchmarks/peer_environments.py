"""Peer environments: Evidently and NannyML, each in a pinned environment of its own (`make peers`).

They are asked through two Parquet files and answer in JSON, so that neither is a dependency of the project.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.procedures import Raised, ScoredPair
from tasks.contract import Contract
from tasks.errors import LoanwatchError
from tasks.findings import Question

ROOT = Path(__file__).parent.parent
PEERS = ("evidently", "nannyml")
QUIET = {"DO_NOT_TRACK": "1", "NML_DISABLE_USAGE_LOGGING": "1"}


class PeerError(LoanwatchError):
    """A peer did not answer."""


def list_peers() -> tuple[str, ...]:
    """The peers whose environments exist."""
    return tuple(peer for peer in PEERS if _find_python(peer).exists())


def ask_peers(scored: ScoredPair) -> dict[str, Raised]:
    """What the peers say of a pair, with their defaults. Both ask about the columns one by one, and nothing else."""
    answers: dict[str, Raised] = {}
    with tempfile.TemporaryDirectory(prefix="loanwatch-peers-") as folder:
        files = [Path(folder) / "reference.parquet", Path(folder) / "current.parquet"]
        for file, applications in zip(files, (scored.reference, scored.current), strict=True):
            write_features(scored.contract, applications, file)
        for peer in list_peers():
            alarms = tuple(ask_peer(peer, *files)["alarms"])
            answers[peer] = {Question.DATA: alarms} if alarms else {}
    return answers


def write_features(contract: Contract, applications: pd.DataFrame, file: Path) -> None:
    """The feature columns as any library reads them: numbers, and words as plain text."""
    words = [column.name for column in contract.features if column.type == "category"]
    names = [column.name for column in contract.features]
    applications[names].astype(dict.fromkeys(words, object)).to_parquet(file, index=False)


def ask_peer(peer: str, reference: Path, current: Path) -> dict[str, Any]:
    """`values` and `alarms` by column, and `seconds` without imports. Raises PeerError with what the peer said."""
    command = [str(_find_python(peer)), str(ROOT / "benchmarks" / "peers" / f"ask_{peer}.py")]
    done = subprocess.run(
        [*command, str(reference), str(current)],
        capture_output=True,
        text=True,
        env={**os.environ, **QUIET},
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1:] or ["nothing"]
        raise PeerError(f"{peer} did not answer: {said[0]}. Make its environment anew with `make peers`.")
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def _find_python(peer: str) -> Path:
    return ROOT / ".venv" / "peers" / peer / "bin" / "python"
