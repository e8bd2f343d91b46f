"""The names of the events that automations listen for. Imports nothing."""

from __future__ import annotations

DRIFT, PROMOTED, QUALITY = "loanwatch.drift.detected", "loanwatch.model.promoted", "loanwatch.quality.failed"
ASKED_RUNNING, ASKED_STARTING = "loanwatch.run.asked", "loanwatch.run.asked-to-start"
RESOURCE = "loanwatch.contract"
# How the message of a run that was found lost begins.
LOST = "Lost:"
