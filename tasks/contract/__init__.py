"""The contract: the description of a lender's table as data, how it is loaded, and the built-in one."""
