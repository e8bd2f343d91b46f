"""The names of the events that automations listen for. Imports nothing."""

from __future__ import annotations

DRIFT, PROMOTED, QUALITY = "loanwatch.drift.detected", "loanwatch.model.promoted", "loanwatch.quality.failed"


RESOURCE = "loanwatch.contract"
