"""The report of a run: one page, from the result to the data, the model, the decision and how to repeat it."""

from tasks.reports.page.evidence import Evidence
from tasks.reports.page.page import render_fragment, write_report

__all__ = ["Evidence", "render_fragment", "write_report"]
