"""The report of a run: one page that tells its story in the order in which a person asks."""

from tasks.report_page.evidence import Evidence
from tasks.report_page.page import write_report

__all__ = ["Evidence", "write_report"]
