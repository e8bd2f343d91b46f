"""The base of every error that loanwatch raises on purpose."""

from __future__ import annotations


class LoanwatchError(Exception):
    """Something a person can correct. The message says what is wrong and what to do next.

    Subclasses take that one message and nothing else, so that each of them pickles.
    """

    exit_code = 1


class UsageError(LoanwatchError):
    """The run was asked for something that makes no sense; nothing was started."""

    exit_code = 2
