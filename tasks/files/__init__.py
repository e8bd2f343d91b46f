"""Lenders' files: CSV and Parquet as batches of texts, whatever their separator and encoding."""
