"""Whole lives of a lender: what a policy does in two years of looks, and what its models lose."""
