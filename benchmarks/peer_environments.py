"""Peer environments: Evidently, NannyML, MLflow and BentoML, each in a pinned environment of its own (`make peers`).

The first two are asked through two Parquet files and answer in JSON; none is a dependency of the project.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.procedures import Raised, ScoredPair
from blocks.errors import LoanwatchError
from tasks.contract.contract import Contract
from tasks.core.findings import Question

ROOT = Path(__file__).parent.parent
PEERS = ("evidently", "nannyml")
SERVERS = ("mlflow", "bentoml")  # what serves a model, for benchmarks.speed_api
QUIET = {"DO_NOT_TRACK": "1", "NML_DISABLE_USAGE_LOGGING": "1"}


class PeerError(LoanwatchError):
    """A peer did not answer."""


def list_peers() -> tuple[str, ...]:
    """The peers whose environments exist."""
    return tuple(peer for peer in PEERS if find_python(peer).exists())


def ask_peers(scored: ScoredPair) -> dict[str, Raised]:
    """What the peers say of a pair, with their defaults. Both ask about the columns one by one, and nothing else."""
    answers: dict[str, Raised] = {}
    with tempfile.TemporaryDirectory(prefix="loanwatch-peers-") as folder:
        files = Path(folder) / "reference.parquet", Path(folder) / "current.parquet"
        for file, applications in zip(files, (scored.reference, scored.current), strict=True):
            write_features(scored.contract, applications, file)
        for peer in list_peers():
            alarms = tuple(start_peer(peer).ask(*files)["alarms"])
            answers[peer] = {Question.DATA: alarms} if alarms else {}
    return answers


def write_features(contract: Contract, applications: pd.DataFrame, file: Path) -> None:
    """The feature columns as any library reads them: numbers, and words as plain text."""
    words = [column.name for column in contract.features if column.type == "category"]
    names = [column.name for column in contract.features]
    applications[names].astype(dict.fromkeys(words, object)).to_parquet(file, index=False)


class Peer:
    """A peer in a process of its own, which answers one pair after the other: its imports take longer than an answer.

    A context manager: at its end the process has ended too.
    """

    def __init__(self, peer: str) -> None:
        self._name = peer
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process runs
        command = [str(find_python(peer)), str(ROOT / "benchmarks" / "peers" / f"ask_{peer}.py")]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            env={**os.environ, **QUIET},
        )

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()
        self._said.close()

    def ask(self, reference: Path, current: Path, more: Sequence[str] = ()) -> dict[str, Any]:
        """`values` and `alarms` by column, and `seconds` without imports; `more` is what this peer alone takes.

        Raises PeerError with what the peer said.
        """
        source, answers = self._process.stdin, self._process.stdout
        assert source is not None
        assert answers is not None
        with suppress(BrokenPipeError):
            source.write("\t".join([str(reference), str(current), *more]) + "\n")
            source.flush()
        answer = answers.readline()
        if not answer:
            if self._process.wait() < 0:
                raise PeerError(f"{self._name} did not answer: the system stopped it, as it does for want of memory.")
            self._said.seek(0)
            said = self._said.read().decode(errors="replace").strip().splitlines()[-1:] or ["nothing"]
            raise PeerError(f"{self._name} did not answer: {said[0]}. Make its environment anew with `make peers`.")
        found: dict[str, Any] = json.loads(answer)
        return found


start_peer = cache(Peer)


def find_python(peer: str) -> Path:
    """The interpreter of a peer's environment, which may not exist."""
    return ROOT / ".venv" / "peers" / peer / "bin" / "python"
