"""Faults, attacks and what they must not cost: the real parts are broken, and then looked at."""
