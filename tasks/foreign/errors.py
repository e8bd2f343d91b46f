"""What can be wrong with a model of the lender's own."""

from __future__ import annotations

from blocks.errors import LoanwatchError, UsageError


class ModelFileError(UsageError):
    """The file is no model that can be imported, or not trusted."""


class UnfitModelError(UsageError):
    """The model cannot be a champion of this contract."""


class MissingExtraError(LoanwatchError):
    """A package that reads the format is not installed."""


class ModelScoreError(LoanwatchError):
    """An imported model does not score the applications. The cause, which may quote values, is its `__cause__`."""
