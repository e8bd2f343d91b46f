"""What a lender's table is, as data: the contract, how it is loaded, and the one that comes with loanwatch."""
