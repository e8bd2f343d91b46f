"""The concepts that all stages share: findings, windows, policies, and how they are worded."""
