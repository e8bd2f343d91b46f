"""Measured claims: speed, scale and the quality of the decisions."""
