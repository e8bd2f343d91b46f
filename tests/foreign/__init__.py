"""Tests of the lender's own models."""
