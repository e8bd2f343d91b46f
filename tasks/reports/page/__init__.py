"""The report of a run: one page, from the result to the data, the model, the decision and how to repeat it."""
