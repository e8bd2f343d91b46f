"""Tables in a file without a name come back by sections, and a full disk is told."""

from __future__ import annotations

import os
import resource
import tempfile

import pyarrow as pa
import pytest

from tasks.core.spill import Spill, SpillError


def test_sections_come_back_in_the_order_of_their_rows() -> None:
    words = pa.table({"word": pa.array(["x", None, "x"]).dictionary_encode(), "number": [1, 2, 3]})
    others = pa.table({"word": pa.array(["é", "x"]).dictionary_encode(), "number": [4, 5]})
    with Spill() as spill:
        spill.write("first", words)
        spill.write(("second", 7), others)
        spill.write("first", others.slice(1))
        first = [row for batch in spill.read("first") for row in batch.to_pylist()]
        assert first == [*words.to_pylist(), {"word": "x", "number": 5}]
        assert [batch.to_pylist() for batch in spill.read(("second", 7))] == [others.to_pylist()]
        assert list(spill.read("none")) == []


def test_nobody_finds_the_file(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Spill() as spill:
        spill.write(1, pa.table({"number": list(range(100_000))}))
        assert os.listdir(str(tmp_path)) == []


def test_a_disk_that_takes_no_more_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    least, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, most))
    try:
        with Spill() as spill, pytest.raises(SpillError, match=r"cannot hold it .*TMPDIR"):
            spill.write(1, pa.table({"text": [os.urandom(8).hex() for _ in range(20_000)]}))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (least, most))
    monkeypatch.setattr(tempfile, "tempdir", "/proc/nowhere")
    with pytest.raises(SpillError, match="/proc/nowhere"):
        Spill()
