"""The history: one page that shows the runs side by side, from the records in the database."""

from tasks.reports.history.page import rebuild_history, write_history

__all__ = ["rebuild_history", "write_history"]
