"""The monitor of the monitor: how often it raises an alarm for nothing on this lender's data, and what it finds."""
