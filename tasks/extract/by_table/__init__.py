"""Parts: the tables that a contract's query joins, read separately and joined here.

A server sorts and joins row by row; whole columns take a fraction of that time.
"""
