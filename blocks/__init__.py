"""Where a run finds its database and its secrets: Prefect blocks, the environment, or the embedded PostgreSQL."""
