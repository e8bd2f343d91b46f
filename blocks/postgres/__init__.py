"""Which PostgreSQL database is meant, and how it is reached: a block, a URL, or the embedded server."""
