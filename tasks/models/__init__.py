"""Fitting models and scoring with them."""
