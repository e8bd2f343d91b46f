"""Tests of a run's own records."""
