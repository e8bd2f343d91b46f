"""Pure formulas behind the verdicts: arrays in, numbers out. Nothing here knows of columns or policies."""
