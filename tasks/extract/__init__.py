"""Extraction: the lender's rows of a window, as one frame of typed columns."""
