"""The lender's own tables: making and filling them, and advice on their indexes."""
