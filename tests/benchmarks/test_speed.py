"""What a peer cannot do costs nothing that was measured."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from benchmarks import speed

MEASURED = {"seconds": 1.0, "cpu_seconds": 1.0, "peak_mb": 1.0, "more": {}}


@pytest.mark.parametrize("broken", ["evidently", "loanwatch"])
def test_a_peer_that_fails_is_told_and_left_out(tmp_path, monkeypatch, broken):
    def probe(_folder, _work, variant):
        if variant == broken:
            raise speed.MeasureError("It failed:\nthe system stopped it.")
        return MEASURED

    monkeypatch.setattr(speed, "_call", lambda *_: None)
    monkeypatch.setattr(speed, "probe", probe)
    monkeypatch.setattr(speed, "find_python", lambda _: tmp_path)  # as if every peer had its environment
    told = io.StringIO()
    if broken == "loanwatch":
        with pytest.raises(speed.MeasureError):
            speed.measure_all(tmp_path, 1_000, ("drift",), 2, Console(file=told))
        return
    records = speed.measure_all(tmp_path, 1_000, ("drift",), 2, Console(file=told, width=200))
    assert {"loanwatch", "nannyml"} <= {record.variant for record in records}
    assert broken not in {record.variant for record in records}
    assert "drift: evidently is left out. the system stopped it." in told.getvalue()
