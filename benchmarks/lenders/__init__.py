"""Lenders drawn at random, and how good the verdicts on them are: `python -m benchmarks.lenders`."""
