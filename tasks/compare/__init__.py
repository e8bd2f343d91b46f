"""Compare: two tables, one verdict, in memory: without a database, a Prefect server or a champion of earlier runs."""
