"""How a person accepts a change that a run found: one command for each."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from itertools import pairwise

from tasks.core.findings import Verdict, read_finding
from tasks.reports.page.wording import Record

_TAKEN_OVER = ("--contract", "--database")


def list_accept_commands(summary: Record) -> list[str]:
    """The command line that accepts each new change of a run; empty where it found none, or where there is no run."""
    if not summary.get("job_id"):
        return []
    # Imported late: a comparison of two files has no run, and needs no database.
    from tasks.changes.past_runs import name_families

    failed = [finding for finding in map(read_finding, summary["findings"]) if finding.verdict is Verdict.FAIL]
    families = dict.fromkeys(name for f in failed if f.question != "quality" for name in name_families(f))
    given = _list_given(shlex.split(summary["command"]))
    return [
        shlex.join(["python", "-m", "flows.settle", family, "--run", summary["job_id"], *given])
        + " --who NAME --why REASON"
        for family in families
    ]


def _list_given(words: Sequence[str]) -> list[str]:
    """The options of the run's own command that name its contract and database."""
    pairs = pairwise(words)
    return [word for option, value in pairs if option in _TAKEN_OVER for word in (option, value)]
