"""The demo: twelve months of a made-up lender's loan applications, with a story that loanwatch should tell."""
