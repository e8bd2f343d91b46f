"""The lender's own tables: creating and filling them, and advice on their indexes."""
