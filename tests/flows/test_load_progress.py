"""How far a load is: a moving line at a terminal, else a line every so often."""

from __future__ import annotations

import io

from rich.console import Console

from flows.cli.load_progress import show_load


def test_without_a_terminal_a_line_is_written_every_so_often() -> None:
    written = io.StringIO()
    with show_load(Console(file=written), every=0) as show:
        show("loans", 65_536)
    assert written.getvalue() == "  loans: 65,536 rows so far\n"
    written.truncate(0)
    with show_load(Console(file=written), every=1_000) as show:
        show("loans", 65_536)
    assert not written.getvalue()


def test_at_a_terminal_the_line_moves_and_goes() -> None:
    written = io.StringIO()
    with show_load(Console(file=written, force_terminal=True)) as show:
        show("loans [red]", 65_536)
    assert "loans [red]: 65,536 rows" in written.getvalue()
