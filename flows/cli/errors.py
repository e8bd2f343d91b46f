"""Errors on a terminal: what loanwatch raised on purpose, in the terminal's own words."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rich.console import Console
from rich.markup import escape

from blocks.errors import LoanwatchError


def report_error(error: BaseException) -> int:
    """Print an error to the terminal's error stream; returns its exit code."""
    console = Console(stderr=True, highlight=False)
    if isinstance(error, LoanwatchError):
        from flows.cli.options import OPTIONS  # half a second of imports, which only a mistake has to pay

        return show_error(error, OPTIONS)
    console.print(
        f"[bold red]error:[/] {type(error).__name__}: {escape(str(error))}\n"
        "loanwatch did not expect this. The deployed model is untouched; the run's log on the Prefect server has more.",
        soft_wrap=True,
    )
    return 1


def show_error(error: LoanwatchError, options: Mapping[str, str]) -> int:
    """Print an error to the terminal's error stream; returns its exit code."""
    message = escape(name_options(str(error), options))
    Console(stderr=True, highlight=False).print(f"[bold red]error:[/] {message}", soft_wrap=True)
    return error.exit_code


def name_options(message: str, options: Mapping[str, str]) -> str:
    """A message that names fields (`reference_start`), as a terminal has them: --reference-start."""
    return re.sub(r"`(\w+)`", lambda found: options.get(found[1], found[0]), message)
