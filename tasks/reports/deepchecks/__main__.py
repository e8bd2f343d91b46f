"""The process that draws the pages: `python -m tasks.reports.deepchecks FOLDER`, with the content on standard input."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

from blocks.errors import LoanwatchError
from tasks.reports.deepchecks.pages import write_all


def main() -> int:
    """Write the pages of the content that the run, the parent process, hands over. 0: they are written; 1: not all."""
    content = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by the run that started this process
    try:
        write_all(Path(sys.argv[1]), content)
    except LoanwatchError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
