"""Bad data: a table of what can be wrong with a lender's rows, each with the reason beside it."""
