"""The lender's own model: a column of scores, or a model that was fitted elsewhere."""
