"""The demo: twelve months of a synthetic lender's loan applications, with events that loanwatch should detect."""
