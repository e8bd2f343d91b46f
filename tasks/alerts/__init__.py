"""Alerts: collected, composed, kept in an outbox, and delivered to Slack."""
