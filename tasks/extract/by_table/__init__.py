"""Parts: the answer of a contract's query, read as the tables that it joins, and put together here.

A server sorts and joins row after row; whole columns take a fraction of that time.
"""
