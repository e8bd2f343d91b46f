"""Changes on record: which findings repeat a change that an earlier run has answered, and since when it holds."""
