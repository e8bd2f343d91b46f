"""The terminal: the verdict is shown when it is told, before the run has ended."""

from __future__ import annotations

import io
import logging

import pytest
from rich.console import Console

from flows.cli.console import StageLines

SUMMARY = {"outcome": "stable", "comparison": None}


@pytest.fixture
def screen():
    return io.StringIO()


def tell(handler):
    """What a run says to whoever watches it: a stage, its verdict, and a stage that follows."""
    log = logging.Logger("a run")
    log.addHandler(handler)
    log.info("95 findings", extra={"stage": "journal", "status": "finished"})
    log.info("Outcome: stable.", extra={"summary": SUMMARY})
    log.info("3 for information", extra={"stage": "pages", "status": "finished"})


def test_the_verdict_comes_before_the_pages(screen):
    tell(StageLines(Console(file=screen, width=100), lambda console, summary: console.print("THE VERDICT")))
    written = screen.getvalue()
    assert written.index("journal") < written.index("THE VERDICT") < written.index("pages")
    assert "Outcome" not in written


def test_a_window_of_a_backfill_says_its_outcome_in_a_line(screen):
    tell(StageLines(Console(file=screen, width=100)))
    assert "  Outcome: stable." in screen.getvalue()
