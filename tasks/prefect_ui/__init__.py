"""What the Prefect UI and its automations are given: names, artifacts, events, links."""
