"""The process that draws the pages: `python -m tasks.reports.deepchecks FOLDER`, with the content on standard input."""

from __future__ import annotations

import gc
import pickle
import sys
from pathlib import Path

from blocks.errors import LoanwatchError

gc.disable()  # imports make much and leave no waste

from tasks.reports.deepchecks.checks import load_deepchecks  # noqa: E402
from tasks.reports.deepchecks.pages import write_all  # noqa: E402


def main() -> int:
    """Write the pages of the content that the run, the parent process, hands over. 0: they are written; 1: not all.

    The imports come first: the process may have been started long before there is any content.
    """
    with load_deepchecks():
        gc.freeze()
        gc.enable()
        handed_over = sys.stdin.buffer.read()
        if not handed_over:  # the run has ended without asking for pages
            return 0
        content = pickle.loads(handed_over)  # noqa: S301 - written by the run that started this process
        try:
            write_all(Path(sys.argv[1]), content)
        except LoanwatchError as error:
            print(error, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
