"""The report of a run: one page that tells its story in the order in which a person asks."""

from tasks.reports.page.evidence import Evidence
from tasks.reports.page.page import write_report

__all__ = ["Evidence", "write_report"]
