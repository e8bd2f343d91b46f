"""The history: one page that shows all runs, and one of two runs side by side, from the records in the database."""

from tasks.reports.history.compare import write_comparison
from tasks.reports.history.page import rebuild_history, rebuild_rarely, write_history

__all__ = ["rebuild_history", "rebuild_rarely", "write_comparison", "write_history"]
