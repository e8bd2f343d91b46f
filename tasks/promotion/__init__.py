"""Decide, train, compare, and promote or keep."""
