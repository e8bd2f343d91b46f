"""The monitor of the monitor: how often it raises a false alarm on this lender's data, and what it finds."""
