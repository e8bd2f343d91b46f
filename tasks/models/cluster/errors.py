"""What can be wrong with a cluster, in words that say what to do."""

from __future__ import annotations

from blocks.errors import LoanwatchError


class ClusterError(LoanwatchError):
    """The workers of a cluster cannot read or score the window."""


class OtherWorkerError(ClusterError):
    """A worker would measure something else than the run asks for: its loanwatch or its contract is another one."""


class UncutQueryError(ClusterError):
    """The answers of a query for some days are not the answer for all of them. The run then does it alone."""
