"""Command line: how a benchmark's command ends."""

from __future__ import annotations

import sys

from cyclopts import App, CycloptsError
from rich.console import Console

from blocks.errors import LoanwatchError, UsageError


def run_command(app: App) -> None:
    """Run the command line; a mistake ends with its message and exit code, an interruption writes nothing."""
    try:
        app(exit_on_error=False)
    except CycloptsError:  # already shown
        sys.exit(UsageError.exit_code)
    except LoanwatchError as error:
        Console(stderr=True).print(str(error), highlight=False, markup=False, soft_wrap=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        Console(stderr=True).print("Interrupted: nothing was written.")
        sys.exit(130)
