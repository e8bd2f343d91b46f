"""Describe: a contract and its query, drafted from a sample of a lender's files or tables."""
