"""Pure formulas behind the verdicts: numpy and scipy in, numbers out; nothing here knows of columns or policies."""
