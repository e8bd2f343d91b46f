"""The lender's own model, tested without a database."""
