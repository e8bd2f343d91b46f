"""The three deepchecks pages: loanwatch's findings first, the previous system's checks beside them as information."""

from tasks.reports.deepchecks.pages import CodedRows, code_rows, write_drift_page, write_model_page, write_quality_page

__all__ = ["CodedRows", "code_rows", "write_drift_page", "write_model_page", "write_quality_page"]
