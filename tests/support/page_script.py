"""The one script of a report."""

from __future__ import annotations

from tasks.reports.page.template import TEMPLATES

SCRIPT = f"<script>{(TEMPLATES / 'page.js').read_text(encoding='utf-8')}</script>"


def leave_out_script(page: str) -> str:
    """A report without its script, which must be in it once."""
    before, after = page.split(SCRIPT)
    return before + after
